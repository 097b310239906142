"""FeedbackSTS-Det (IDIP-Lab/FeedbackSTS-Det, model/FeedbackSTS.py)."""

from __future__ import annotations

from .blocks import pyramid_alignment
from .key_map import KeyMap, drop_time

_LEVELS = 5
_BLOCKS = {
    **{f'enc_convs.{level}': f'temporal_neck.down.{level}' for level in range(_LEVELS)},
    **{f'dec_convs.{level}': f'temporal_neck.up.{level}' for level in range(_LEVELS - 1)},
}


def _prefixes() -> dict[str, str]:
    prefixes = {'final': 'decode_head.conv_seg'}
    for official, ours in _BLOCKS.items():
        for number in (1, 2):
            prefixes[f'{official}.conv{number}'] = f'{ours}.body.{number - 1}.0'
            prefixes[f'{official}.batch_norm{number}'] = f'{ours}.body.{number - 1}.1'
        prefixes[f'{official}.conv3'] = f'{ours}.project'
        prefixes.update(pyramid_alignment(f'{official}.ssm.bfbm', f'{ours}.align', 2))
        for number in (0, 1):
            prefixes[f'{official}.ssm.bfbm.downsample_convs.{number}'] = f'{ours}.align.down.0.{2 * number}'
    for level in range(_LEVELS - 1):
        prefixes[f'up_blocks.{level}.deconv'] = f'temporal_neck.upsample.{level}'
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='feedbacksts',
    source='IDIP-Lab/FeedbackSTS-Det model/FeedbackSTS.py',
    transforms={'decode_head.conv_seg.weight': drop_time},
    # The other form of the residual branch, which is made and never used.
    dropped=tuple(f'{block}.conv{number}_no_ssm' for block in _BLOCKS for number in (1, 2)),
)
