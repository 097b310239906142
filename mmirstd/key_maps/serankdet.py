"""SeRankDet (GrokCV/SeRankDet, model/SeRankDet/SeRankDet.py)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap

_STAGES = 5


def _block(official: str, ours: str) -> dict[str, str]:
    prefixes = {}
    for branch, name in (('conv_layer', 'plain'), ('dconv_layer', 'dilated')):
        for i in range(3):
            prefixes.update(conv_bn_pairs(f'{official}.{branch}.{i}', f'{ours}.{name}', (0, str(i))))
    prefixes[f'{official}.cdc_layer.0.conv'] = f'{ours}.difference.conv'
    prefixes[f'{official}.cdc_layer.1'] = f'{ours}.difference.bn'
    prefixes.update(conv_bn_pairs(f'{official}.final_layer', ours, (0, 'join')))
    return prefixes


def _fusion(number: int) -> dict[str, str]:
    ours = f'neck.fusions.{number - 2}'
    convs = f'Up_conv{number}.conv'
    return {
        f'neck{number}.gamma': f'{ours}.gamma',
        f'neck{number}.conv_squeeze': f'{ours}.select',
        f'neck{number}.conv': f'{ours}.mix',
        **conv_bn_pairs(f'Up{number}.up', ours, (1, 'up')),
        **conv_bn_pairs(convs, f'{ours}.convs', (0, '0'), (6, '2')),
        f'{convs}.3.conv': f'{ours}.convs.1.conv',
        f'{convs}.4': f'{ours}.convs.1.bn',
    }


def _prefixes() -> dict[str, str]:
    prefixes = {'Conv': 'decode_head.conv_seg'}
    for i in range(_STAGES):
        n, ours = i + 1, f'backbone.stages.{i}'
        prefixes.update(_block(f'Conv{n}', f'{ours}.0'))
        prefixes[f'max_channel{n}.fc1'] = f'{ours}.1.query'
        prefixes[f'max_channel{n}.fc2'] = f'{ours}.1.key'
        prefixes[f'conv{n}'] = f'decode_head.aux_convs.{i}'
        if i:
            prefixes.update(_fusion(n))
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='serankdet',
    source='GrokCV/SeRankDet model/SeRankDet/SeRankDet.py',
    # Tables of sinusoids, which ours computes.
    dropped=tuple(f'max_channel{n + 1}.pos_enc' for n in range(_STAGES)),
    unfoldable='its first layers have as many channels as the image',
)
