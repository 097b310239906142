"""LVNet (ZhihuaShen/LVNet, model.py)."""

from __future__ import annotations

from .key_map import KeyMap
from .video_swin import SWIN_BLOCK

_DEPTHS = (2, 2, 2, 1)


def _prefixes() -> dict[str, str]:
    prefixes = {'norm': 'temporal_neck.norm', 'endConv': 'decode_head.conv_seg'}
    for level in range(3):
        for number in (2, 3, 4):
            prefixes[f'cnnEncoderL{level + 1}.conv{number}'] = f'backbone.encoders.{level}.convs.{number - 2}'
        prefixes[f'cnnEncoderL{level + 1}.conv5'] = f'backbone.encoders.{level}.join'
    prefixes['cnnEncoderL1.conv1'] = 'backbone.encoders.0.shortcut'
    for level in (0, 1):
        prefixes[f'cnnDownL{level + 1}.conv'] = f'backbone.downs.{level}'
        prefixes[f'cnnUpL{level + 1}.conv'] = f'temporal_neck.expand.{level}'
        prefixes[f'cnnDecoderL{level + 1}.conv1'] = f'temporal_neck.decoders.{level}.reduce'
        prefixes[f'cnnDecoderL{level + 1}.conv2'] = f'temporal_neck.decoders.{level}.refine'
    for stage in range(4):
        for official, ours, depth in (
            (f'layers_down.{stage}', f'temporal_neck.down.{stage}', _DEPTHS[stage]),
            (f'layers_up.{stage}', f'temporal_neck.up.{stage}', _DEPTHS[3 - stage]),
        ):
            for block in range(depth):
                prefixes.update(
                    {
                        f'{official}.blocks.{block}.{old}': f'{ours}.blocks.{block}.{new}'
                        for old, new in SWIN_BLOCK.items()
                    }
                )
        if stage < 3:
            prefixes[f'layers_down.{stage}.downsample'] = f'temporal_neck.down.{stage}.resample'
            prefixes[f'layers_up.{stage}.downsample'] = f'temporal_neck.up.{stage}.resample'
        if stage > 0:
            prefixes[f'layers_ct.{stage}'] = f'temporal_neck.join.{stage - 1}'
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='lvnet',
    source='ZhihuaShen/LVNet model.py',
    # Numbers of relative positions, and shortcuts that are never used.
    dropped=(
        *(
            f'{layers}.{stage}.blocks.{block}.attn.relative_position_index'
            for layers in ('layers_down', 'layers_up')
            for stage in range(4)
            for block in range(2)
        ),
        'cnnEncoderL2.conv1',
        'cnnEncoderL3.conv1',
    ),
)
