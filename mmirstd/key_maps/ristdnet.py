"""RISTDnet (XinyiYing/BasicIRSTD, model/RISTDnet)."""

from __future__ import annotations

from .key_map import KeyMap

KEY_MAP = KeyMap(
    prefixes={
        'FV.c1': 'backbone.convs.0',
        'FV.c2.conv2': 'backbone.convs.1',
        'FV.c3.conv3': 'backbone.convs.2',
        'FV.FCsubnet.p3c4.conv4': 'backbone.convs.3',
        'FV.c5': 'decode_head.conv_seg',
    },
    gray_convs=(),
    model='ristdnet',
    source='XinyiYing/BasicIRSTD model/RISTDnet/model_RISTDnet.py',
)
