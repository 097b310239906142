"""Necks."""

from .abc_neck import ABCNeck
from .acm_neck import ACMNeck
from .agpc_neck import AGPCNeck
from .alcl_neck import ALCLNeck
from .bp_fpn import BPFPN
from .csp_fpn import CSPFPN
from .deeppro import DeepProNeck
from .dense_nested import DenseNestedNeck
from .feedbacksts import FeedbackSTSNeck
from .gils import GILS
from .hcf_neck import HCFNeck
from .hd_neck import HDNeck
from .interactive_cross_attention import InteractiveCrossAttentionNeck
from .isnet_neck import ISNetNeck
from .istdu_neck import ISTDUNeck
from .l2sk_neck import L2SKNeck
from .lvnet import LVNetNeck
from .mlcl_neck import MLCLNeck
from .motion_coupling import MotionCouplingNeck
from .mrf3_neck import MRF3Neck
from .msda_neck import MSDANeck
from .multi_level_vit import MultiLevelViT
from .ns_fpn import NSFPN
from .rdian_neck import RDIANNeck
from .resunet_neck import ResUNetNeck
from .sctransnet_neck import SCTransNeck
from .serank_neck import SeRankNeck
from .skip_pyramid import SkipPyramid
from .stme import STMENeck
from .tdcnet import TDCNeck
from .tgfm import TGFM
from .top_down import UShapeNeck
from .top_down_taps import TopDownTaps
from .tridos import TridosNeck

__all__ = [
    'ABCNeck',
    'ACMNeck',
    'AGPCNeck',
    'ALCLNeck',
    'BPFPN',
    'CSPFPN',
    'DeepProNeck',
    'DenseNestedNeck',
    'FeedbackSTSNeck',
    'GILS',
    'HDNeck',
    'HCFNeck',
    'InteractiveCrossAttentionNeck',
    'ISNetNeck',
    'ISTDUNeck',
    'L2SKNeck',
    'LVNetNeck',
    'MLCLNeck',
    'MotionCouplingNeck',
    'MRF3Neck',
    'MSDANeck',
    'MultiLevelViT',
    'NSFPN',
    'RDIANNeck',
    'ResUNetNeck',
    'SCTransNeck',
    'SeRankNeck',
    'SkipPyramid',
    'STMENeck',
    'TDCNeck',
    'TGFM',
    'TopDownTaps',
    'TridosNeck',
    'UShapeNeck',
]
