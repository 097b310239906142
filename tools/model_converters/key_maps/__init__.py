"""Key maps of the official code bases, one file an architecture; ``ARCHS`` lists them by ``--arch`` name."""

from __future__ import annotations

from . import dnanet, ggl_net, isnet, istdu_net, mshnet, rdian, resunet, rpcanet, sctransnet, sstnet, uiu_net, unet
from .key_map import KeyMap, linear_to_conv, strip_wrappers, swap_inputs

ARCHS: dict[str, KeyMap] = {
    'dnanet': dnanet.KEY_MAP,
    'dnanet-basic': dnanet.BASIC_KEY_MAP,
    'ggl-net': ggl_net.KEY_MAP,
    'isnet': isnet.KEY_MAP,
    'istdu-net': istdu_net.KEY_MAP,
    'mshnet': mshnet.KEY_MAP,
    'rdian': rdian.KEY_MAP,
    'resunet': resunet.KEY_MAP,
    'rpcanet': rpcanet.KEY_MAP,
    'rpcanet-pp': rpcanet.PP_KEY_MAP,
    'sctransnet': sctransnet.KEY_MAP,
    'sstnet': sstnet.KEY_MAP,
    'sstnet-pyramid': sstnet.PYRAMID_KEY_MAP,
    'uiu-net': uiu_net.KEY_MAP,
    'uiu-net-basic': uiu_net.BASIC_KEY_MAP,
    'unet': unet.KEY_MAP,
}

__all__ = ['ARCHS', 'KeyMap', 'linear_to_conv', 'strip_wrappers', 'swap_inputs']
