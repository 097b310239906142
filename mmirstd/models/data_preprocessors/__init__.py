"""From a batch of samples to the model's input."""

from .clip_data_preprocessor import ClipDataPreprocessor
from .clip_seg_data_preprocessor import ClipSegDataPreProcessor

__all__ = ['ClipDataPreprocessor', 'ClipSegDataPreProcessor']
