"""Backbones."""

from .cbam_residual_encoder import CBAMResidualEncoder
from .csp_darknet import CSPDarknet
from .ggl_encoder import GGLEncoder
from .rpcanet import RPCANet
from .rpcanet_pp import RPCANetPP
from .uiu_encoder import UIUEncoder

__all__ = ['CBAMResidualEncoder', 'CSPDarknet', 'GGLEncoder', 'RPCANet', 'RPCANetPP', 'UIUEncoder']
