"""Necks."""

from .bp_fpn import BPFPN
from .csp_fpn import CSPFPN
from .gils import GILS
from .motion_coupling import MotionCouplingNeck
from .tgfm import TGFM
from .top_down import UShapeNeck
from .top_down_taps import TopDownTaps

__all__ = ['BPFPN', 'CSPFPN', 'GILS', 'MotionCouplingNeck', 'TGFM', 'TopDownTaps', 'UShapeNeck']
