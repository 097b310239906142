"""DRPCA-Net (GrokCV/DRPCA-Net, models/DRPCANet.py)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap
from .rpcanet import with_norm, without_norm

_STAGES, _BLOCKS = 6, 5


def _prefixes() -> dict[str, str]:
    prefixes = {}
    for i in range(_STAGES):
        official, ours = f'decos.{i}', f'backbone.stages.{i}'
        prefixes.update(with_norm(f'{official}.lowrank.convs', f'{ours}.low_rank.net'))
        prefixes.update(without_norm(f'{official}.sparse.convs', f'{ours}.sparse.net'))
        for name in ('gamma', 'epsilon'):
            for old, new in ((1, 0), (3, 2)):
                prefixes[f'{official}.sparse.{name}_generator.generator.{old}'] = f'{ours}.sparse.{name}.layers.{new}'
        merge, our_merge = f'{official}.merge.mapping', f'{ours}.merge'
        prefixes.update(conv_bn_pairs(merge, our_merge, (0, 'enter')))
        prefixes[f'{merge}.4'] = f'{our_merge}.leave'
        prefixes[f'{merge}.3.body.{_BLOCKS}'] = f'{our_merge}.group.{_BLOCKS}'
        for block in range(_BLOCKS):
            body, our_block = f'{merge}.3.body.{block}.body', f'{our_merge}.group.{block}'
            prefixes.update(conv_bn_pairs(body, our_block, (0, 'body.0'), (3, 'body.1')))
            prefixes[f'{body}.5.fc'] = f'{our_block}.channel_attention.mlp'
            for old, new in ((1, 0), (3, 2)):
                prefixes[f'{body}.6.kernel_generator.{old}'] = f'{our_block}.spatial_attention.kernel.layers.{new}'
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='drpca-net',
    source='GrokCV/DRPCA-Net models/DRPCANet.py',
)
