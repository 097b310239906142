"""L-RPCANet (xianchaoxiu/L-RPCANet, models/LRPCANet.py)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap
from .rpcanet import with_norm, without_norm

_STAGES = 6


def _prefixes() -> dict[str, str]:
    prefixes = {}
    for i in range(_STAGES):
        official, ours = f'decos.{i}', f'backbone.stages.{i}'
        prefixes.update(with_norm(f'{official}.lowrank.convs', f'{ours}.low_rank.layers'))
        prefixes.update(without_norm(f'{official}.sparse.convs', f'{ours}.sparse.layers'))
        prefixes.update(without_norm(f'{official}.residual.convs', f'{ours}.noise.layers'))
        prefixes.update(
            conv_bn_pairs(f'{official}.merge.mapping', f'{ours}.merge.layers', *((3 * j, str(j)) for j in range(4)))
        )
        prefixes[f'{official}.sparse.epsilon'] = f'{ours}.epsilon'
        prefixes[f'{official}.residual.sigma'] = f'{ours}.sigma'
        for old, new in (('lowrank', 'low_rank'), ('sparse', 'sparse'), ('residual', 'noise'), ('merge', 'merge')):
            prefixes[f'{official}.{old}.final_conv'] = f'{ours}.{new}.leave'
            for index in (0, 2):
                prefixes[f'{official}.{old}.channel_attention.excitation.{index}'] = f'{ours}.{new}.gate.layers.{index}'
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='l-rpcanet',
    source='xianchaoxiu/L-RPCANet L-RPCANet/models/LRPCANet.py',
)
