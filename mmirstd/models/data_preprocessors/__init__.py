"""From a batch of samples to the model's input."""

from .clip_data_preprocessor import ClipDataPreprocessor

__all__ = ['ClipDataPreprocessor']
