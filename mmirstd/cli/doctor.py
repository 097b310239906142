"""What this machine has, what is missing, what to do: ``mmirstd doctor``."""

from __future__ import annotations

from mmirstd.compat.__main__ import main, parse_args

__all__ = ['main', 'parse_args']
