"""MTU-Net (TianhaoWu16/Multi-level-TransUNet-for-Space-based-Infrared-Tiny-ship-Detection, model/)."""

from __future__ import annotations

from .blocks import cbam_residual_block
from .key_map import KeyMap

_LEVELS = 4


def _transformer(official: str, ours: str) -> dict[str, str]:
    block, our_block = f'{official}.transformer.layer_blocks.0', f'{ours}.blocks.0'
    return {
        f'{official}.embedding': f'{ours}.positions',
        f'{official}.cls_token': f'{ours}.class_token',
        f'{official}.projection': f'{ours}.projection',
        f'{block}.multi_head_attention.qkv_layer': f'{our_block}.attention.qkv',
        f'{block}.multi_head_attention.out_attention': f'{our_block}.attention.projection',
        f'{block}.mlp.mlp_layers': f'{our_block}.mlp',
        f'{block}.layer_norm1': f'{our_block}.attention_norm',
        f'{block}.layer_norm2': f'{our_block}.mlp_norm',
    }


def _prefixes() -> dict[str, str]:
    prefixes = {'final': 'decode_head.conv_seg'}
    for level in range(_LEVELS + 1):
        for block in range(2 if level else 1):
            prefixes.update(
                cbam_residual_block(
                    f'conv{level}_0.{block}',
                    f'backbone.stages.{level}.{block}',
                    shortcut=block == 0,
                    attention=False,
                )
            )
    for level in range(_LEVELS):
        # vit5 sees the finest level, vit2 the coarsest but one.
        prefixes.update(_transformer(f'vit{5 - level}', f'neck.0.transformers.{level}'))
        prefixes.update(
            cbam_residual_block(
                f'conv{level}_{4 - level}.0', f'neck.1.fusions.{level}.blocks.0', shortcut=True, attention=False
            )
        )
    prefixes.update(cbam_residual_block('conv3_1_1.0', 'neck.0.fusion', shortcut=True, attention=False))
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=('backbone.stages.0.0.body.0.conv.weight', 'backbone.stages.0.0.shortcut.conv.weight'),
    model='mtu-net',
    source='TianhaoWu16/Multi-level-TransUNet model/MTU_Net.py',
    dropped=('vit1', 'conv0_0_0', 'head'),  # made and never used
)
