"""Backbones."""

from .cbam_residual_encoder import CBAMResidualEncoder
from .csp_darknet import CSPDarknet
from .ggl_encoder import GGLEncoder
from .uiu_encoder import UIUEncoder

__all__ = ['CBAMResidualEncoder', 'CSPDarknet', 'GGLEncoder', 'UIUEncoder']
