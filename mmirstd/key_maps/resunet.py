"""ResUNet (XinyiYing/BasicIRSTD, model/ResUNet/model_ResUNet.py)."""

from __future__ import annotations

from .blocks import cbam_residual_block
from .key_map import KeyMap


def _prefixes() -> dict[str, str]:
    prefixes = {'final': 'decode_head.conv_seg'}
    for level in range(4):
        for block in range(2 if level else 1):
            prefixes.update(
                cbam_residual_block(
                    f'conv{level}_0.{block}', f'backbone.stages.{level}.{block}', shortcut=block == 0, attention=False
                )
            )
    for level in range(3):
        prefixes.update(
            cbam_residual_block(
                f'conv{level}_{3 - level}.0', f'neck.fusions.{level}.blocks.0', shortcut=True, attention=False
            )
        )
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='resunet',
    source='XinyiYing/BasicIRSTD model/ResUNet/model_ResUNet.py',
)
