"""AGPCNet (Tianfang-Zhang/AGPCNet, models/network.py, ``agpcnet_1``)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap


def _non_local(official: str, ours: str) -> dict[str, str]:
    prefixes = {f'{official}.{name}_conv': f'{ours}.{name}' for name in ('query', 'key', 'value')}
    prefixes[f'{official}.gamma'] = f'{ours}.gamma'
    return prefixes


def _prefixes() -> dict[str, str]:
    prefixes = {'backbone': 'backbone'}
    for official, ours in (('conv1', 'reduce'), ('conv2', 'expand')):
        prefixes.update(conv_bn_pairs(f'context.{official}', 'neck', (0, ours)))
    for i in range(4):
        official, ours = f'context.scale_list.{i}', f'neck.contexts.{i}'
        prefixes.update(_non_local(f'{official}.non_local', f'{ours}.within'))
        prefixes.update(_non_local(f'{official}.attention.non_local_att', f'{ours}.among'))
        prefixes.update(conv_bn_pairs(f'{official}.attention.conv_att', f'{ours}.gate', (0, 'reduce'), (3, 'expand')))
        prefixes.update(conv_bn_pairs(f'{official}.conv', ours, (0, 'conv')))
        prefixes[f'{official}.gamma'] = f'{ours}.gamma'
    for official, ours in (('fuse12', 'neck.fusions.0'), ('fuse23', 'neck.fusions.1')):
        prefixes.update(conv_bn_pairs(f'{official}.plus_conv', ours, (0, 'project')))
        prefixes.update(conv_bn_pairs(f'{official}.end_conv', ours, (0, 'post')))
        prefixes.update(conv_bn_pairs(f'{official}.ca', f'{ours}.channel_gate', (1, 'reduce'), (4, 'expand')))
        prefixes.update(conv_bn_pairs(f'{official}.pa', f'{ours}.pixel_gate', (0, 'reduce'), (3, 'expand')))
    prefixes.update(conv_bn_pairs('head.block', 'decode_head', (0, 'hidden')))
    prefixes['head.block.4'] = 'decode_head.conv_seg'
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=('backbone.conv1.weight',),
    model='agpcnet',
    source='Tianfang-Zhang/AGPCNet models/network.py',
)
