"""SSTNet (UESTC-nnLab/SSTNet, nets/Network.py) and its per-frame part."""

from __future__ import annotations

from .key_map import KeyMap
from .yolox import head, pyramid


def _clip_parts() -> dict[str, str]:
    """What the whole network adds to the pyramid."""
    prefixes = {f'neck.weight.{i}': f'temporal_neck.pair_weights.{i}' for i in range(4)}
    for old, new in dict(
        conv_ref='gate',
        conv_cur='gated',
        conv_cr_mix='gated_mix',
        conv_gl='pair',
        conv_gl_mix='pair_mix',
        conv_final='final',
    ).items():
        prefixes[f'neck.{old}'] = f'temporal_neck.{new}'
    cell = 'motion_branch.lstm.slices.0'
    prefixes.update(
        {
            'mapping1': 'motion_branch.embed',
            'mapping2': 'motion_branch.map',
            'SSTNet.cell_list.00.conv': f'{cell}.gates',
            'SSTNet.cell_list.00.conv2': f'{cell}.motion_gates',
        }
    )
    return prefixes


def _unused() -> dict[str, str]:
    """Parameters that get no gradient in the official code, which runs its ConvLSTM with a single slice."""
    update = 'motion_branch.lstm.slices.0.motion_update'
    return {
        'neck.weight.4': 'temporal_neck.pair_weights.4',
        'mapping0.0': 'motion_branch.unused_map',
        **{
            f'SSTNet.cell_list.00.{old}': f'{update}.{new}'
            for old, new in (
                ('motion.0', 'gates'),
                ('mm1', 'past_mix'),
                ('mm2', 'future_mix'),
                ('past_attention', 'past_attention'),
                ('future_attention', 'future_attention'),
            )
        },
    }


KEY_MAP = KeyMap(
    prefixes={**pyramid('backbone.'), **_clip_parts(), **head()},
    gray_convs=('backbone.stem.conv.conv.weight', 'motion_branch.embed.0.weight'),
    model='sstnet',
    source='UESTC-nnLab/SSTNet nets/Network.py',
    unused=_unused(),
)

PYRAMID_KEY_MAP = KeyMap(
    prefixes=pyramid(''),
    gray_convs=('backbone.stem.conv.conv.weight',),
    model='sstnet (backbone and neck)',
    source='UESTC-nnLab/SSTNet nets/Network.py, Feature_Extractor',
)
