"""Use trained models from Python."""

from .streaming import StreamingDetector

__all__ = ['StreamingDetector']
