"""Necks."""

from .tgfm import TGFM
from .top_down import UShapeNeck

__all__ = ['TGFM', 'UShapeNeck']
