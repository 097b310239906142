"""MSHNet (Lliu666/MSHNet, model/MSHNet.py)."""

from __future__ import annotations

from .blocks import cbam_residual_block, spatial_attention_weights
from .key_map import KeyMap, swap_inputs


def mshnet_decoder(ours: str = 'neck') -> dict[str, str]:
    """Stem, decoder and head, which HDNet has, too; ``ours`` is our path of the decoder."""
    prefixes = {'conv_init': 'backbone.stem', 'output_0': 'decode_head.conv_seg', 'final': 'decode_head.fusion'}
    for level in range(1, 4):
        prefixes[f'output_{level}'] = f'decode_head.aux_convs.{level - 1}'
    for level in range(4):
        for block in range(2 if level else 1):
            prefixes.update(
                cbam_residual_block(
                    f'decoder_{level}.{block}', f'{ours}.fusions.{level}.blocks.{block}', shortcut=block == 0
                )
            )
    return prefixes


def mshnet_prefixes(decoder: str = 'neck') -> dict[str, str]:
    """Encoder, decoder and head; ``decoder`` is our path of the decoder."""
    prefixes = mshnet_decoder(decoder)
    for level in range(5):
        official = f'encoder_{level}' if level < 4 else 'middle_layer'
        for block in range(2 if level else 1):
            prefixes.update(
                cbam_residual_block(
                    f'{official}.{block}', f'backbone.stages.{level}.{block}', shortcut=block == 0 and level > 0
                )
            )
    return prefixes


_PREFIXES = mshnet_prefixes()

KEY_MAP = KeyMap(
    prefixes=_PREFIXES,
    gray_convs=('backbone.stem.weight',),
    model='mshnet',
    source='Lliu666/MSHNet model/MSHNet.py',
    transforms=dict.fromkeys(spatial_attention_weights(_PREFIXES), swap_inputs),
)
