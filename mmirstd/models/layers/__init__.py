"""Blocks shared by several networks."""

from .asymmetric_modulation import AsymmetricModulation, ContextGate
from .cbam import CBAM, ChannelAttention, SpatialAttention
from .cbam_residual import CBAMResidualBlock, cbam_residual_layer
from .central_difference import CENTRAL_DIFFERENCE, CentralDifferenceConv2d
from .channels_last import to_channels_last
from .conv import BiasedConv2d, biased_conv
from .deform_conv import DeformConv2dPack, deform_conv2d
from .dilated_branch import dilated_branch
from .dilated_u_block import DilatedUBlock
from .global_mean import global_mean
from .gradient import gradient_magnitude, gradient_pyramid
from .haar import FILTER_BANK_SCALE, haar_inverse, haar_subbands
from .high_pass import DynamicHighPass, dynamic_high_pass, frequency_rings
from .image import check_image, check_size
from .initialization import (
    KAIMING_FAN_OUT,
    NARROW_NORMAL,
    PYTORCH_CONV,
    NarrowNormalInit,
    PyTorchInit,
    SmallPredictionInit,
)
from .non_local import NonLocalBlock
from .packed_conv import PackedConvModule, pack_convs
from .patch_aware_attention import PatchAwareAttention
from .pinwheel_conv import PinwheelConv
from .pooled_mlp import PooledMLP
from .rank_attention import RankAttention, position_code
from .residual import ResidualBlock, basic_stage
from .rsu import ResidualUBlock
from .squeeze_excitation import SqueezeExcitation
from .vanilla_conv import SeriesActivation, VanillaConv

__all__ = [
    'AsymmetricModulation',
    'basic_stage',
    'biased_conv',
    'BiasedConv2d',
    'CBAM',
    'cbam_residual_layer',
    'CBAMResidualBlock',
    'CENTRAL_DIFFERENCE',
    'CentralDifferenceConv2d',
    'ChannelAttention',
    'check_image',
    'check_size',
    'ContextGate',
    'deform_conv2d',
    'DeformConv2dPack',
    'dilated_branch',
    'DilatedUBlock',
    'dynamic_high_pass',
    'DynamicHighPass',
    'FILTER_BANK_SCALE',
    'frequency_rings',
    'global_mean',
    'gradient_magnitude',
    'gradient_pyramid',
    'haar_inverse',
    'haar_subbands',
    'KAIMING_FAN_OUT',
    'NARROW_NORMAL',
    'NarrowNormalInit',
    'NonLocalBlock',
    'pack_convs',
    'PackedConvModule',
    'PatchAwareAttention',
    'PinwheelConv',
    'PooledMLP',
    'position_code',
    'PYTORCH_CONV',
    'PyTorchInit',
    'RankAttention',
    'ResidualBlock',
    'ResidualUBlock',
    'SeriesActivation',
    'SmallPredictionInit',
    'SpatialAttention',
    'SqueezeExcitation',
    'to_channels_last',
    'VanillaConv',
]
