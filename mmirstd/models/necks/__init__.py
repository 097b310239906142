"""Necks."""

from .csp_fpn import CSPFPN
from .motion_coupling import MotionCouplingNeck
from .tgfm import TGFM
from .top_down import UShapeNeck

__all__ = ['CSPFPN', 'MotionCouplingNeck', 'TGFM', 'UShapeNeck']
