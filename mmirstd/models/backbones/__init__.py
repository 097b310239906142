"""Backbones."""

from .ggl_encoder import GGLEncoder

__all__ = ['GGLEncoder']
