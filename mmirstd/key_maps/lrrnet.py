"""LRRNet (HaLongbao/LRRNet, models/LRRNet.py)."""

from __future__ import annotations

from .key_map import KeyMap

_LEVELS, _BLOCKS = 4, 2


def _block(official: str, ours: str, shortcut: bool, attention: bool = False) -> dict[str, str]:
    prefixes = {
        f'{official}.norm_1': f'{ours}.norms.0',
        f'{official}.norm_2': f'{ours}.norms.1',
        f'{official}.conv_1': f'{ours}.convs.0',
        f'{official}.conv_2.1': f'{ours}.convs.1',
        f'{official}.scale': f'{ours}.scale',
    }
    if shortcut:
        prefixes[f'{official}.residual_connection'] = f'{ours}.shortcut'
    if attention:
        for name, our_name in (('norm', 'norm'), ('to_qkv', 'qkv'), ('to_out', 'projection')):
            prefixes[f'{official}.attention.{name}'] = f'{ours}.attention.{our_name}'
    return prefixes


def _prefixes() -> dict[str, str]:
    prefixes = {'init_conv': 'backbone.embedding', 'second_conv': 'backbone.entry'}
    for level in range(_LEVELS):
        first = level * (_BLOCKS + 1)
        for i in range(first, first + _BLOCKS):
            # The first block of a level but the finest doubles the channels.
            prefixes.update(_block(f'downs.{i}', f'backbone.downs.{i}', shortcut=level > 0 and i == first))
        if level < _LEVELS - 1:
            prefixes[f'downs.{first + _BLOCKS}.downsample'] = f'backbone.downs.{first + _BLOCKS}'
        first = level * (_BLOCKS + 2)
        for i in range(first, first + _BLOCKS + 1):
            prefixes.update(_block(f'ups.{i}', f'backbone.ups.{i}', shortcut=True))
        if level < _LEVELS - 1:
            i = first + _BLOCKS + 1
            prefixes[f'ups.{i}.upsample.1'] = f'backbone.ups.{i}.conv'
    for i in range(2):
        prefixes.update(_block(f'mid.{i}', f'backbone.bottom.{i}', shortcut=False, attention=i == 0))
        suffix = '1' if i else ''
        prefixes[f'out_norm{suffix}'] = f'backbone.norms.{i}'
        prefixes[f'out_conv{suffix}'] = f'backbone.outputs.{i}'
    prefixes.update(_block('out_resblock', 'backbone.target', shortcut=False))
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='lrrnet',
    source='HaLongbao/LRRNet models/LRRNet.py',
)
