"""UIU-Net (danfenghong/IEEE_TIP_UIU-Net, and BasicIRSTD's copy with one input channel)."""

from __future__ import annotations

from dataclasses import replace

from .blocks import conv_bn_pairs
from .key_map import KeyMap, swap_inputs

# Stage number of the official code -> depth of its residual U-block.
_DEPTHS = {1: 7, 2: 6, 3: 5, 4: 4, 5: 4, 6: 4}


def _rsu(official: str, ours: str, depth: int) -> dict[str, str]:
    names = {
        'in': 'entry',
        **{str(i + 1): f'down.{i}' for i in range(depth)},
        **{f'{i + 1}d': f'up.{i}' for i in range(depth - 1)},
    }
    return {
        f'{official}.rebnconv{old}.{kind}_s1': f'{ours}.{new}.{kind}'
        for old, new in names.items()
        for kind in ('conv', 'bn')
    }


def _prefixes() -> dict[str, str]:
    prefixes = {'outconv': 'decode_head.fusion', 'side1': 'decode_head.conv_seg'}
    for i in range(2, 7):
        prefixes[f'side{i}'] = f'decode_head.aux_convs.{i - 2}'
    for stage, depth in _DEPTHS.items():
        prefixes.update(_rsu(f'stage{stage}', f'backbone.stages.{stage - 1}', depth))
        if stage < 6:
            prefixes.update(_rsu(f'stage{stage}d', f'neck.stages.{stage - 1}', depth))
    for stage in range(2, 6):
        official, ours = f'fuse{stage}', f'neck.fusions.{stage - 2}'
        prefixes.update(conv_bn_pairs(f'{official}.feature_high', ours, (0, 'project')))
        prefixes.update(conv_bn_pairs(f'{official}.topdown', f'{ours}.channel_attention', (1, '1'), (4, '2')))
        prefixes.update(conv_bn_pairs(f'{official}.bottomup', ours, (0, 'reduce')))
        prefixes[f'{official}.bottomup.3.conv1'] = f'{ours}.spatial_attention.conv'
        prefixes.update(conv_bn_pairs(f'{official}.post', ours, (0, 'post')))
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=('backbone.stages.0.entry.conv.weight',),
    model='uiu-net',
    source='danfenghong/IEEE_TIP_UIU-Net model/uiunet.py',
    transforms={f'neck.fusions.{i}.spatial_attention.conv.weight': swap_inputs for i in range(4)},
)

BASIC_KEY_MAP = replace(KEY_MAP, gray_convs=(), source='XinyiYing/BasicIRSTD model/UIUNet/model_UIUNet.py')
