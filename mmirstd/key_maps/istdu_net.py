"""ISTDU-Net (XinyiYing/BasicIRSTD, model/ISTDUNet/model_ISTDUNet.py); the bottlenecks are mmseg's ResNeSt ones."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap


def _prefixes() -> dict[str, str]:
    prefixes = {'down.stem.0': 'backbone.standardise'}
    prefixes.update(conv_bn_pairs('down.stem', 'backbone', (1, 'stem')))
    for i in range(4):
        prefixes[f'down.down.layer{i + 1}'] = f'backbone.stages.{i}'
        official, ours = f'DN.X{i + 1}', f'neck.laterals.{i}'
        prefixes.update(
            {
                f'{official}.conv1': f'{ours}.query',
                f'{official}.linear_0': f'{ours}.keys',
                f'{official}.linear_1': f'{ours}.values',
            }
        )
        prefixes.update(conv_bn_pairs(f'{official}.conv2', ours, (0, 'project')))
    for i in range(3):
        prefixes.update(conv_bn_pairs(f'up.up{i + 1}', f'neck.fusions.{2 - i}', (0, 'project')))
    prefixes.update(conv_bn_pairs('headSeg.head', 'decode_head', (0, 'hidden')))
    prefixes['headSeg.head.3'] = 'decode_head.conv_seg'
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='istdu-net',
    source='XinyiYing/BasicIRSTD model/ISTDUNet/model_ISTDUNet.py',
    dropped=('headDet',),
)
