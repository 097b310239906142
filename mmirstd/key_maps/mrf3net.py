"""MRF3Net (Temperature-ai/MRF3Net, nets/MRF3Net.py)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap

_LEVELS = 3


def _cut(official: str, ours: str) -> dict[str, str]:
    return {f'{official}.conv_fusion': f'{ours}.join.conv', f'{official}.batch_norm': f'{ours}.join.bn'}


def _stage(level: int) -> dict[str, str]:
    official, ours = f'Backbone_{level}', f'backbone.stages.{level}'
    if level == 0:
        return {official: ours}
    return {
        **{f'{official}.{part}': f'{ours}.0.{part}' for part in ('conv', 'bn', 'act')},
        **_cut(f'{official}.downsample', f'{ours}.1'),
    }


def _field(level: int) -> dict[str, str]:
    official, ours = f'MPE_{level}', f'backbone.fields.{level}'
    prefixes = {f'{official}.Conv': f'{ours}.join', f'{official}.se': f'{ours}.excitation'}
    for i, size in enumerate((3, 5, 7)):
        prefixes.update(conv_bn_pairs(f'{official}.Conv_{size}', f'{ours}.convs', (0, str(i))))
    return prefixes


def _finer_fusion(level: int) -> dict[str, str]:
    official, ours = f'FFE_{level}', f'backbone.fusions.{level - 1}'
    names = {'conv_block': 'gate', 'modify_low': 'of_low', 'modify_high': 'of_high', 'conv_sum': 'join'}
    return {
        **{f'{official}.{old}': f'{ours}.{new}' for old, new in names.items()},
        **_cut(f'{official}.downsample', f'{ours}.down'),
    }


def _agreement(official: str, ours: str) -> dict[str, str]:
    names = {
        'conv_block_low': 'maps.0',
        'conv_block_high': 'maps.1',
        'conv_spatial.0': 'spatial',
        'conv_channel.0': 'channel',
        'conv_concat': 'join',
        'conv_final': 'leave',
    }
    return {f'{official}.{old}': f'{ours}.{new}' for old, new in names.items()}


_DECODER = ('FFD_final', 'FFD_1', 'FFD_2')


def _prefixes() -> dict[str, str]:
    prefixes = {'final': 'decode_head.masks.0', 'final_edge': 'decode_head.edges.0'}
    for level in range(_LEVELS):
        prefixes.update({**_stage(level), **_field(level), **_agreement(_DECODER[level], f'neck.fusions.{level}')})
        if level:
            prefixes.update(_finer_fusion(level))
            prefixes[f'seg_head_{level}.seg'] = f'decode_head.masks.{level}'
            prefixes[f'seg_head_{level}.edge'] = f'decode_head.edges.{level}'
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='mrf3net',
    source='Temperature-ai/MRF3Net nets/MRF3Net.py',
    # Made and never used.
    dropped=(
        *(f'MPE_{level}.Conv_1' for level in range(_LEVELS)),
        *(f'{fusion}.final_attention' for fusion in _DECODER),
    ),
)
