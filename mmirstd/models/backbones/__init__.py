"""Backbones."""

from .cbam_residual_encoder import CBAMResidualEncoder
from .csp_darknet import CSPDarknet
from .ggl_encoder import GGLEncoder
from .isnet_encoder import ISNetEncoder
from .istdu_encoder import ISTDUEncoder
from .rdian import RDIANEncoder
from .rpcanet import RPCANet
from .rpcanet_pp import RPCANetPP
from .uiu_encoder import UIUEncoder

__all__ = [
    'CBAMResidualEncoder', 'CSPDarknet', 'GGLEncoder', 'ISNetEncoder', 'ISTDUEncoder', 'RDIANEncoder', 'RPCANet',
    'RPCANetPP', 'UIUEncoder'
]
