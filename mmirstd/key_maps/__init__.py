"""From official state dicts to ours, one file an architecture; ``ARCHS`` lists the key maps by ``--arch`` name.

    >>> from mmirstd.key_maps import ARCHS
    >>> ARCHS['mshnet'].model
    'configs/_base_/models/mshnet.py'

``ARCHS[arch].convert(official, in_channels)`` gives the state dict of that model. Importing this needs no torch.
"""

from __future__ import annotations

from . import (
    abc,
    acm,
    agpcnet,
    alcl_net,
    deeppro,
    dnanet,
    drpca_net,
    dtum,
    feedbacksts,
    ggl_net,
    hcf_net,
    hdnet,
    isnet,
    istdu_net,
    l2sknet,
    l_rpcanet,
    lrrnet,
    lvnet,
    mlcl_net,
    mrf3net,
    msda_net,
    mshnet,
    mtu_net,
    ns_fpn,
    rdian,
    resunet,
    rfr,
    ristdnet,
    rpcanet,
    sctransnet,
    serankdet,
    sstnet,
    uiu_net,
    unet,
)
from .key_map import KeyMap, drop_time, linear_to_conv, strip_wrappers, swap_inputs

ARCHS: dict[str, KeyMap] = {
    'abc': abc.KEY_MAP,
    'acm': acm.KEY_MAP,
    'acm-fpn': acm.FPN_KEY_MAP,
    'acm-unet': acm.UNET_KEY_MAP,
    'agpcnet': agpcnet.KEY_MAP,
    'alcl-net': alcl_net.KEY_MAP,
    'alcnet': acm.ALCNET_KEY_MAP,
    'deeppro': deeppro.KEY_MAP,
    'deeppro-plus': deeppro.PLUS_KEY_MAP,
    'dnanet': dnanet.KEY_MAP,
    'dnanet-basic': dnanet.BASIC_KEY_MAP,
    'drpca-net': drpca_net.KEY_MAP,
    'feedbacksts': feedbacksts.KEY_MAP,
    'ggl-net': ggl_net.KEY_MAP,
    'hcf-net': hcf_net.KEY_MAP,
    'hdnet': hdnet.KEY_MAP,
    'isnet': isnet.KEY_MAP,
    'istdu-net': istdu_net.KEY_MAP,
    'l-rpcanet': l_rpcanet.KEY_MAP,
    'l2sknet-1d-fpn': l2sknet.SEPARABLE_FPN_KEY_MAP,
    'l2sknet-1d-unet': l2sknet.SEPARABLE_UNET_KEY_MAP,
    'l2sknet-fpn': l2sknet.FPN_KEY_MAP,
    'l2sknet-unet': l2sknet.UNET_KEY_MAP,
    'lrrnet': lrrnet.KEY_MAP,
    'lvnet': lvnet.KEY_MAP,
    'mlcl-net': mlcl_net.KEY_MAP,
    'mlcl-net-small': mlcl_net.SMALL_KEY_MAP,
    'mrf3net': mrf3net.KEY_MAP,
    'msda-net': msda_net.KEY_MAP,
    'mshnet': mshnet.KEY_MAP,
    'mshnet-nsfpn': ns_fpn.KEY_MAP,
    'mtu-net': mtu_net.KEY_MAP,
    'rdian': rdian.KEY_MAP,
    'resunet': resunet.KEY_MAP,
    'resunet-dtum': dtum.RESUNET_KEY_MAP,
    'rfr-resunet': rfr.RESUNET_KEY_MAP,
    'ristdnet': ristdnet.KEY_MAP,
    'rpcanet': rpcanet.KEY_MAP,
    'rpcanet-pp': rpcanet.PP_KEY_MAP,
    'sctransnet': sctransnet.KEY_MAP,
    'serankdet': serankdet.KEY_MAP,
    'sstnet': sstnet.KEY_MAP,
    'sstnet-pyramid': sstnet.PYRAMID_KEY_MAP,
    'uiu-net': uiu_net.KEY_MAP,
    'uiu-net-basic': uiu_net.BASIC_KEY_MAP,
    'unet': unet.KEY_MAP,
}

__all__ = ['ARCHS', 'KeyMap', 'drop_time', 'linear_to_conv', 'strip_wrappers', 'swap_inputs']
