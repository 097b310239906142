"""Key maps of the official code bases, one file an architecture; ``ARCHS`` lists them by ``--arch`` name."""

from __future__ import annotations

from . import ggl_net, sstnet
from .key_map import KeyMap, linear_to_conv, swap_inputs

ARCHS: dict[str, KeyMap] = {
    'ggl-net': ggl_net.KEY_MAP,
    'sstnet': sstnet.KEY_MAP,
    'sstnet-pyramid': sstnet.PYRAMID_KEY_MAP,
}

__all__ = ['ARCHS', 'KeyMap', 'linear_to_conv', 'swap_inputs']
