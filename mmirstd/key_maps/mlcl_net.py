"""MLCL-Net, with three and with two residual blocks a stage (YuChuang1205/MSDA-Net, model/MLCL_Net)."""

from __future__ import annotations

from .key_map import KeyMap
from .residual_encoder import plain_encoder


def _key_map(num_blocks: int, model: str, file: str) -> KeyMap:
    prefixes = plain_encoder(3, num_blocks)
    for level in range(3):
        ours = f'neck.laterals.{level}'
        for branch in range(3):
            for index, name in (('0', '0.conv'), ('2', '1.conv')):
                prefixes[f'mlcl{level + 1}.layer{branch + 1}.{index}'] = f'{ours}.0.branches.{branch}.{name}'
        prefixes[f'mlcl{level + 1}.conv'] = f'{ours}.0.fuse'
        prefixes[f'conv{level + 1}.0'] = f'{ours}.1.conv'
    prefixes['layer.0'] = 'decode_head.hidden.conv'
    prefixes['layer.2'] = 'decode_head.conv_seg'
    return KeyMap(
        prefixes=prefixes,
        gray_convs=('backbone.stem.0.conv.weight',),
        model=model,
        source=f'YuChuang1205/MSDA-Net model/MLCL_Net/{file}.py',
    )


KEY_MAP = _key_map(3, 'mlcl-net', 'mlcl_base')
SMALL_KEY_MAP = _key_map(2, 'mlcl-net-small', 'mlcl_small')
