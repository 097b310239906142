"""DNANet (YeRen123455/Infrared-Small-Target-Detection, and BasicIRSTD's copy with one input channel)."""

from __future__ import annotations

from dataclasses import replace

from .blocks import cbam_residual_block, spatial_attention_weights
from .key_map import KeyMap, swap_inputs


def _prefixes() -> dict[str, str]:
    prefixes = {'final4': 'decode_head.conv_seg'}
    for i in range(3):
        prefixes[f'final{i + 1}'] = f'decode_head.aux_convs.{i}'
    for i in range(4):
        prefixes[f'conv0_{i + 1}_1x1'] = f'neck.projections.{i}'
    for column in range(5):
        for level in range(5 - column):
            ours = f'neck.nodes.{column - 1}.{level}' if column else f'backbone.stages.{level}'
            for block in range(2 if level else 1):
                prefixes.update(
                    cbam_residual_block(f'conv{level}_{column}.{block}', f'{ours}.{block}', shortcut=block == 0)
                )
    prefixes.update(cbam_residual_block('conv0_4_final.0', 'neck.fusion.0', shortcut=True))
    return prefixes


_PREFIXES = _prefixes()

KEY_MAP = KeyMap(
    prefixes=_PREFIXES,
    gray_convs=('backbone.stages.0.0.body.0.conv.weight', 'backbone.stages.0.0.shortcut.conv.weight'),
    model='dnanet',
    source='YeRen123455/Infrared-Small-Target-Detection model/model_DNANet.py',
    transforms=dict.fromkeys(spatial_attention_weights(_PREFIXES), swap_inputs),
)

BASIC_KEY_MAP = replace(KEY_MAP, gray_convs=(), source='XinyiYing/BasicIRSTD model/DNANet/model_DNANet.py')
