"""Blocks shared by several networks."""

from .cbam import ChannelAttention, SpatialAttention
from .conv import biased_conv
from .gradient import gradient_magnitude, gradient_pyramid
from .residual import ResidualBlock
from .squeeze_excitation import SqueezeExcitation

__all__ = [
    'ChannelAttention', 'ResidualBlock', 'SpatialAttention', 'SqueezeExcitation', 'biased_conv',
    'gradient_magnitude', 'gradient_pyramid'
]
