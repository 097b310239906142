"""Backbones."""

from .abc_encoder import ABCEncoder
from .acm_encoder import ACMEncoder
from .cbam_residual_encoder import CBAMResidualEncoder
from .csp_darknet import CSPDarknet
from .double_conv_encoder import DoubleConvEncoder
from .drpcanet import DRPCANet
from .frame_input import FrameInput
from .full_resolution_resnet import FullResolutionResNet
from .ggl_encoder import GGLEncoder
from .hcf_encoder import HCFEncoder
from .hd_encoder import HDEncoder
from .isnet_encoder import ISNetEncoder
from .istdu_encoder import ISTDUEncoder
from .l_rpcanet import LRPCANet
from .lrrnet import LRRNet
from .lvnet_encoder import LVNetEncoder
from .mrf3_encoder import MRF3Encoder
from .msda_encoder import MSDAEncoder
from .rdian import RDIANEncoder
from .residual_encoder import ResidualEncoder
from .ristdnet import RISTDNet
from .rpcanet import RPCANet
from .rpcanet_pp import RPCANetPP
from .serank_encoder import SeRankEncoder
from .shufflenet_3d import ShuffleNet3D
from .stemless_resnet import StemlessResNet
from .uiu_encoder import UIUEncoder

__all__ = [
    'ABCEncoder',
    'ACMEncoder',
    'CBAMResidualEncoder',
    'CSPDarknet',
    'DoubleConvEncoder',
    'DRPCANet',
    'FrameInput',
    'FullResolutionResNet',
    'GGLEncoder',
    'HDEncoder',
    'HCFEncoder',
    'ISNetEncoder',
    'ISTDUEncoder',
    'LRPCANet',
    'LRRNet',
    'LVNetEncoder',
    'MRF3Encoder',
    'MSDAEncoder',
    'RDIANEncoder',
    'ResidualEncoder',
    'RISTDNet',
    'RPCANet',
    'RPCANetPP',
    'SeRankEncoder',
    'ShuffleNet3D',
    'StemlessResNet',
    'UIUEncoder',
]
