"""ISNet (XinyiYing/BasicIRSTD, model/ISNet/model_ISNet.py); the residual blocks are mmseg's."""

from __future__ import annotations

from .blocks import basic_blocks, conv_bn_pairs
from .key_map import KeyMap


def _attention(official: str, ours: str) -> dict[str, str]:
    prefixes = {f'{official}.preprocess': f'{ours}.project'}
    for old, new in (('dcn_row', 'row'), ('dcn_colum', 'column')):
        prefixes.update({f'{official}.{old}.{kind}': f'{ours}.{new}.conv.{kind}' for kind in ('weight', 'bias')})
        prefixes[f'{official}.{old}.conv_offset'] = f'{ours}.{new}.offset'
    return prefixes


def _difference(official: str, ours: str) -> dict[str, str]:
    prefixes = {
        f'{official}.res{i + 1}.{kind}{j + 1}': f'{ours}.bodies.{i}.{j}.{kind}'
        for i in range(2)
        for j in range(2)
        for kind in ('conv', 'bn')
    }
    prefixes[f'{official}.gate.weight'] = f'{ours}.gate.conv.weight'
    for index, name in ((0, 'norm'), (1, 'hidden'), (3, 'gate'), (4, 'gate_norm')):
        prefixes[f'{official}.gate._gate_conv.{index}'] = f'{ours}.gate.{name}'
    return prefixes


def _prefixes() -> dict[str, str]:
    prefixes = {
        'stem.0': 'backbone.standardise',
        'dsup': 'neck.lift',
        'fuse': 'neck.edge',
        'head.block.4': 'decode_head.conv_seg',
    }
    prefixes.update(conv_bn_pairs('stem', 'backbone.stem', (1, '0'), (4, '1'), (7, '2')))
    prefixes.update(conv_bn_pairs('head.block', 'decode_head', (0, 'hidden')))
    for i in range(3):
        prefixes.update(basic_blocks(f'layer{i + 1}', f'backbone.stages.{i}', 4, 'downsample' if i else None))
        # The official branch goes from deep to shallow, so its numbers do too.
        prefixes[f'dsn{i + 1}'] = f'neck.guides.{2 - i}'
        prefixes.update(_difference(f'myb{i + 1}', f'neck.differences.{2 - i}'))
    for i, attention in enumerate(('TTOA_high', 'TTOA_low')):
        prefixes[f'deconv{i + 1}'] = f'neck.upsamples.{i}'
        prefixes.update(_attention(attention, f'neck.fusions.{i}'))
        prefixes.update(basic_blocks(f'uplayer{i + 1}', f'neck.stages.{i}', 4))
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='isnet',
    source='XinyiYing/BasicIRSTD model/ISNet/model_ISNet.py',
    dropped=(
        'SA',
        'SA_att',
        'cw',
        'head2',
        'conv2_1',
        'conv16',
        *(f'{name}{i}' for name in ('res', 'd', 'gate') for i in (1, 2, 3)),
    ),
)
