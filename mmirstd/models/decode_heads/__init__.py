"""Decode heads."""

from .irstd_head import IRSTDHead

__all__ = ['IRSTDHead']
