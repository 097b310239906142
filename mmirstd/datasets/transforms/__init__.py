"""Pipeline transforms for one-channel infrared images (H, W) and binary target masks.

Random numbers come from NumPy's global generator, which mmengine seeds in each
data-loader worker, so a run with a given seed is reproducible.
"""

from .blur import RandomBlur
from .brightness_contrast import RandomBrightnessContrast
from .evaluation_size import PadToMultiple, ResizeForEvaluation
from .gamma import RandomGamma
from .load_image import LoadInfraredImage
from .load_mask import LoadTargetMask
from .polarity import RandomPolarity
from .sensor_noise import RandomSensorNoise
from .stripe_noise import RandomStripes
from .target_crop import TargetAwareCrop
from .transpose import RandomTranspose

__all__ = [
    'LoadInfraredImage', 'LoadTargetMask', 'PadToMultiple', 'RandomBlur', 'RandomBrightnessContrast', 'RandomGamma',
    'RandomPolarity', 'RandomSensorNoise', 'RandomStripes', 'RandomTranspose', 'ResizeForEvaluation',
    'TargetAwareCrop'
]
