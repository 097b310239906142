"""ABC (PANPEIWEN/ABC, model/ABC/ABCNet.py)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap


def _dilated_u_block(official: str, ours: str) -> dict[str, str]:
    names = {'conv1': 'entry', 'dconv1': 'down', 'dconv2': 'bottom', 'dconv3': 'up', 'conv2': 'leave'}
    prefixes: dict[str, str] = {}
    for name, our_name in names.items():
        prefixes.update(conv_bn_pairs(f'{official}.{name}', ours, (0, our_name)))
    return prefixes


def _transformer(official: str, ours: str) -> dict[str, str]:
    attention, our_attention = f'{official}.attention', f'{ours}.attention'
    prefixes = {f'{attention}.gamma': f'{ours}.gamma'}
    for i in range(3):
        prefixes.update(conv_bn_pairs(f'{attention}.conv.convs.{i}', ours, (0, f'plain.{i}')))
        prefixes.update(conv_bn_pairs(f'{attention}.dconv.dconvs.{i}', ours, (0, f'dilated.{i}')))
    for name in ('query', 'key'):
        prefixes[f'{attention}.att.{name}_conv'] = f'{our_attention}.{name}'
        prefixes[f'{attention}.att.{name}_line'] = f'{our_attention}.{name}_rows'
    prefixes[f'{attention}.att.s_conv'] = f'{our_attention}.spread'
    prefixes.update(conv_bn_pairs(f'{official}.feedforward.conv', ours, (0, 'wide')))
    prefixes.update(conv_bn_pairs(f'{official}.feedforward.x_conv', ours, (0, 'pointwise')))
    return prefixes


def _prefixes() -> dict[str, str]:
    two_convs = ((0, '0'), (3, '1'))
    prefixes = {'Conv': 'decode_head.conv_seg'}
    prefixes.update({f'conv{i + 1}': f'decode_head.aux_convs.{i}' for i in range(5)})
    prefixes.update(conv_bn_pairs('Conv1.conv', 'backbone.stages.0', *two_convs))
    for level in range(1, 4):
        prefixes.update(_transformer(f'Convtans{level + 1}', f'backbone.stages.{level}'))
    prefixes.update(_dilated_u_block('Conv5', 'backbone.stages.4'))
    for level in range(4):
        official, ours = f'{level + 2}', f'neck.fusions.{level}'
        prefixes.update(conv_bn_pairs(f'Up{official}.up', ours, (1, 'up')))
        if level < 3:
            prefixes.update(conv_bn_pairs(f'Up_conv{official}.conv', f'{ours}.block', *two_convs))
    prefixes.update(_dilated_u_block('Up_conv5', 'neck.fusions.3.block'))
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=('backbone.stages.0.0.conv.weight',),
    model='abc',
    source='PANPEIWEN/ABC model/ABC/ABCNet.py',
)
