"""Decode heads."""

from .edge_head import EdgeHead
from .hd_head import HDHead
from .irstd_head import IRSTDHead
from .mrf3_head import MRF3Head
from .pixel_shuffle_head import PixelShuffleHead
from .unfolding_head import UnfoldingHead
from .warm_up_head import WarmUpHead

__all__ = [
    'EdgeHead',
    'HDHead',
    'IRSTDHead',
    'MRF3Head',
    'PixelShuffleHead',
    'UnfoldingHead',
    'WarmUpHead',
]
