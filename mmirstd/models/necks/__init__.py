"""Necks."""

from .bp_fpn import BPFPN
from .csp_fpn import CSPFPN
from .dense_nested import DenseNestedNeck
from .gils import GILS
from .interactive_cross_attention import InteractiveCrossAttentionNeck
from .motion_coupling import MotionCouplingNeck
from .resunet_neck import ResUNetNeck
from .tgfm import TGFM
from .top_down import UShapeNeck
from .top_down_taps import TopDownTaps

__all__ = [
    'BPFPN', 'CSPFPN', 'DenseNestedNeck', 'GILS', 'InteractiveCrossAttentionNeck', 'MotionCouplingNeck', 'ResUNetNeck',
    'TGFM', 'TopDownTaps', 'UShapeNeck'
]
