"""SSTNet (UESTC-nnLab/SSTNet, nets/Network.py) and its per-frame part.

mmdet's CSPDarknet, CSP layers and YOLOX head order their layers, their concatenations and the Focus stem's four
positions as the official code does, so renaming is all; only the head's stem is, as everywhere in mmdet, the last
convolution of the neck.
"""

from __future__ import annotations

from .key_map import KeyMap

_CSP = dict(conv1='main_conv', conv2='short_conv', conv3='final_conv', m='blocks')


def _pyramid(root: str) -> dict[str, str]:
    """CSPDarknet and the top-down pyramid, ``Feature_Extractor`` at ``root`` (with a dot at its end, if any)."""
    prefixes = {f'{root}backbone.stem': 'backbone.stem'}

    def csp(official: str, ours: str) -> None:
        prefixes.update({f'{root}{official}.{old}': f'{ours}.{new}' for old, new in _CSP.items()})

    for number in range(1, 5):
        official, ours = f'backbone.dark{number + 1}', f'backbone.stage{number}'
        prefixes[f'{root}{official}.0'] = f'{ours}.0'
        last = 1
        if number == 4:
            prefixes[f'{root}{official}.1'] = f'{ours}.1'
            last = 2
        csp(f'{official}.{last}', f'{ours}.{last}')
    prefixes[f'{root}lateral_conv0'] = 'neck.reduce_layers.0'
    prefixes[f'{root}reduce_conv1'] = 'neck.reduce_layers.1'
    csp('C3_p4', 'neck.top_down_blocks.0')
    csp('C3_p3', 'neck.top_down_blocks.1')
    return prefixes


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
    prefixes['head.stems.0'] = 'temporal_neck.out_conv.0'
    for branch in ('cls', 'reg'):
        prefixes[f'head.{branch}_convs'] = f'bbox_head.multi_level_{branch}_convs'
    for branch in ('cls', 'reg', 'obj'):
        prefixes[f'head.{branch}_preds'] = f'bbox_head.multi_level_conv_{branch}'
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
    prefixes={**_pyramid('backbone.'), **_clip_parts()},
    gray_convs=('backbone.stem.conv.conv.weight', 'motion_branch.embed.0.weight'),
    model='configs/_base_/models/sstnet.py',
    source='UESTC-nnLab/SSTNet nets/Network.py',
    unused=_unused(),
)

PYRAMID_KEY_MAP = KeyMap(
    prefixes=_pyramid(''),
    gray_convs=('backbone.stem.conv.conv.weight',),
    model='configs/_base_/models/sstnet.py (backbone and neck)',
    source='UESTC-nnLab/SSTNet nets/Network.py, Feature_Extractor',
)
