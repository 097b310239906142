"""Segmentors that are not mmseg's own: the classical methods."""

from .classical import ClassicalSegmentor
from .white_tophat import WhiteTopHat

__all__ = ['ClassicalSegmentor', 'WhiteTopHat']
