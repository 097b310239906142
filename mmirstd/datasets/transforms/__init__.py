"""Pipeline transforms for one-channel infrared images (H, W) and binary target masks, and for clips.

A clip of T frames is an image with T channels, (H, W, T): whatever transform of mmcv, mmdet or this package moves or
changes an image does the same, with the same random draw, to all frames. (Random sensor noise is drawn anew for each
frame, as it is in a camera; its strength is the clip's.)

Random numbers come from NumPy's global generator, which mmengine seeds in each
data-loader worker, so a run with a given seed is reproducible.
"""

from mmirstd.utils.letterbox import undo_letterbox

from .align_clip import AlignClip
from .blur import RandomBlur
from .brightness_contrast import RandomBrightnessContrast
from .clip_letterbox import ClipLetterbox
from .defects import RandomDefects
from .evaluation_size import PadToMultiple, ResizeForEvaluation
from .gain import RandomGain
from .gamma import RandomGamma
from .load_clip import LoadClip
from .load_clip_masks import LoadClipMasks
from .load_image import LoadInfraredImage
from .load_mask import LoadTargetMask
from .load_point_labels import LoadPointLabels
from .pack_clip import CLIP_META_KEYS, PackClipInputs
from .pack_clip_seg import CLIP_SEG_META_KEYS, PackClipSegInputs
from .pack_soft_seg import PackSoftSegInputs
from .polarity import RandomPolarity
from .rescale import RandomRescale
from .sensor_noise import RandomSensorNoise
from .stripe_noise import RandomStripes
from .take_image import TakeImage
from .target_copy_paste import TargetCopyPaste
from .target_crop import TargetAwareCrop
from .transpose import RandomTranspose
from .turn import RandomTurn

__all__ = [
    'AlignClip',
    'CLIP_META_KEYS',
    'CLIP_SEG_META_KEYS',
    'ClipLetterbox',
    'LoadClip',
    'LoadClipMasks',
    'LoadInfraredImage',
    'LoadPointLabels',
    'LoadTargetMask',
    'PackClipInputs',
    'PackClipSegInputs',
    'PackSoftSegInputs',
    'PadToMultiple',
    'RandomBlur',
    'RandomBrightnessContrast',
    'RandomDefects',
    'RandomGain',
    'RandomGamma',
    'RandomPolarity',
    'RandomRescale',
    'RandomSensorNoise',
    'RandomStripes',
    'RandomTranspose',
    'RandomTurn',
    'ResizeForEvaluation',
    'TakeImage',
    'TargetAwareCrop',
    'TargetCopyPaste',
    'undo_letterbox',
]
