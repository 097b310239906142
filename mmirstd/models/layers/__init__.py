"""Blocks shared by several networks."""

from .cbam import CBAM, ChannelAttention, SpatialAttention
from .cbam_residual import CBAMResidualBlock, cbam_residual_layer
from .conv import BiasedConv2d, biased_conv
from .deform_conv import DeformConv2dPack, deform_conv2d
from .gradient import gradient_magnitude, gradient_pyramid
from .image import check_image
from .residual import ResidualBlock
from .rsu import ResidualUBlock
from .squeeze_excitation import SqueezeExcitation

__all__ = [
    'biased_conv', 'BiasedConv2d', 'CBAM', 'cbam_residual_layer', 'CBAMResidualBlock', 'ChannelAttention',
    'check_image', 'deform_conv2d', 'DeformConv2dPack', 'gradient_magnitude', 'gradient_pyramid', 'ResidualBlock',
    'ResidualUBlock', 'SpatialAttention', 'SqueezeExcitation'
]
