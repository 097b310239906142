"""Pipeline transforms for one-channel infrared images (H, W) and binary target masks."""

from .evaluation_size import PadToMultiple, ResizeForEvaluation
from .load_image import LoadInfraredImage
from .load_mask import LoadTargetMask
from .target_crop import TargetAwareCrop
from .transpose import RandomTranspose

__all__ = [
    'LoadInfraredImage', 'LoadTargetMask', 'PadToMultiple', 'RandomTranspose', 'ResizeForEvaluation',
    'TargetAwareCrop'
]
