"""Key maps of the official code bases, one file an architecture; ``ARCHS`` lists them by ``--arch`` name."""

from __future__ import annotations

from . import ggl_net
from .key_map import KeyMap

ARCHS: dict[str, KeyMap] = {
    'ggl-net': ggl_net.KEY_MAP,
}

__all__ = ['ARCHS', 'KeyMap']
