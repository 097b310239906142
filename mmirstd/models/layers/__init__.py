"""Blocks shared by several networks."""

from .cbam import CBAM, ChannelAttention, SpatialAttention
from .cbam_residual import CBAMResidualBlock, cbam_residual_layer
from .conv import BiasedConv2d, biased_conv
from .gradient import gradient_magnitude, gradient_pyramid
from .image import check_image
from .residual import ResidualBlock
from .rsu import ResidualUBlock
from .squeeze_excitation import SqueezeExcitation

__all__ = [
    'CBAM', 'BiasedConv2d', 'CBAMResidualBlock', 'ChannelAttention', 'ResidualBlock', 'ResidualUBlock',
    'SpatialAttention', 'SqueezeExcitation', 'biased_conv', 'cbam_residual_layer', 'check_image', 'gradient_magnitude',
    'gradient_pyramid'
]
