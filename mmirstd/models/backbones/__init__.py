"""Backbones."""

from .csp_darknet import CSPDarknet
from .ggl_encoder import GGLEncoder

__all__ = ['CSPDarknet', 'GGLEncoder']
