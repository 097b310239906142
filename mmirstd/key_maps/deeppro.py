"""DeepPro and DeepPro-Plus (TinaLRJ/DeepPro, networks/models)."""

from __future__ import annotations

from collections.abc import Sequence

from .key_map import KeyMap, drop_time

_BLOCK = dict(
    conv1='first', bn1='first_norm', conv2='second', bn2='second_norm', conv3='mix.0', bn3='mix.1', shortcut='shortcut'
)


def _branch(branch: int, blocks: Sequence[str], probe: str, out: str) -> dict[str, str]:
    """One scale: its blocks, its temporal probe and the convolution behind it."""
    root = f'temporal_neck.branches.{branch}'
    prefixes = {
        f'{official}.{old}': f'{root}.blocks.{number}.{new}'
        for number, official in enumerate(blocks)
        for old, new in _BLOCK.items()
    }
    prefixes.update({f'{probe}.{old}': f'{root}.probe.{new}' for old, new in _PROBE.items()})
    return {**prefixes, out: f'{root}.out'}


_PROBE = dict(QK_heads='heads', norm1='norm', conv='mix')
_CONV_SEG = {'decode_head.conv_seg.weight': drop_time}

KEY_MAP = KeyMap(
    prefixes={
        'conv_in': 'temporal_neck.stem',
        **_branch(0, ('layer1.0', 'layer1.1'), 'TPro1', 'conv_out1_1'),
        **_branch(1, ('layer2.1', 'layer2.2'), 'TPro2', 'conv_out1_2'),
        **_branch(2, ('layer3.1', 'layer3.3'), 'TPro3', 'conv_out1_3'),
        'conv_out2': 'temporal_neck.fuse',
        'final': 'decode_head.conv_seg',
    },
    gray_convs=(),
    model='deeppro',
    source='TinaLRJ/DeepPro networks/models/DeepPro.py',
    transforms=_CONV_SEG,
)

PLUS_KEY_MAP = KeyMap(
    prefixes={
        'conv_in': 'temporal_neck.stem',
        **_branch(0, ('layer1.0', 'layer1.1'), 'TPro', 'conv_out1'),
        'conv_out2': 'decode_head.conv_seg',
    },
    gray_convs=(),
    model='deeppro-plus',
    source='TinaLRJ/DeepPro networks/models/DeepPro-Plus.py',
    transforms=_CONV_SEG,
)
