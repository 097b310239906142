"""Decode heads."""

from .irstd_head import IRSTDHead
from .unfolding_head import UnfoldingHead
from .warm_up_head import WarmUpHead

__all__ = ['IRSTDHead', 'UnfoldingHead', 'WarmUpHead']
