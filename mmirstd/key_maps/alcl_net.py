"""ALCL-Net (YuChuang1205/MSDA-Net, model/ALCL_Net/alcl.py)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap
from .residual_encoder import plain_encoder


def _prefixes() -> dict[str, str]:
    prefixes = plain_encoder(5, 3)
    for level in range(5):
        prefixes[f'lcl{level + 1}.layer1.0'] = f'neck.laterals.{level}.0.conv'
        prefixes[f'lcl{level + 1}.layer1.2'] = f'neck.laterals.{level}.1.conv'
    for level in range(4):
        official, ours = f'sbam{level + 1}', f'neck.fusions.{level}'
        prefixes.update(conv_bn_pairs(f'{official}.hl_layer', ours, (1, 'project')))
        prefixes.update(conv_bn_pairs(f'{official}.ll_layer', ours, (0, 'gate')))
    prefixes['layer.0'] = 'decode_head.hidden.conv'
    prefixes['layer.2'] = 'decode_head.conv_seg'
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=('backbone.stem.0.conv.weight',),
    model='alcl-net',
    source='YuChuang1205/MSDA-Net model/ALCL_Net/alcl.py',
)
