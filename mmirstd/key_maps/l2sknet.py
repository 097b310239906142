"""L2SKNet (fengyiwu98/L2SKNet, model/L2SKNet/L2SKNet.py): four forms of two decoders and two kinds of kernels."""

from __future__ import annotations

from .blocks import basic_blocks, conv_bn_pairs
from .key_map import KeyMap

_LEVELS = 4


def _lateral(level: int, kernels: dict[str, str]) -> dict[str, str]:
    """Saliency kernels of one level."""
    ours = f'neck.laterals.{level}'
    prefixes = {}
    for index in range(_LEVELS - level):
        official = f'contrast{level}_{index}' if level < _LEVELS - 1 else f'contrast{level}'
        for old, new in kernels.items():
            prefixes[f'{official}.0.{old}'] = f'{ours}.kernels.{index}.0.{new}'
        prefixes.update(
            conv_bn_pairs(
                f'{official}.0.attn.avg_channel', f'{ours}.kernels.{index}.0.gate', (1, 'reduce'), (4, 'expand')
            )
        )
        prefixes[f'{official}.1'] = f'{ours}.kernels.{index}.1'
    if level < _LEVELS - 1:
        prefixes.update(conv_bn_pairs(f'contrConV_{level}', ours, (0, 'join')))
    return prefixes


def _fpn() -> dict[str, str]:
    """Encoder, fusions and head of the FPN forms."""
    prefixes = {'head.block.4': 'decode_head.conv_seg'}
    for level in range(_LEVELS):
        prefixes.update(basic_blocks(f'layer{level}', f'backbone.stages.{level}', 2, 'shortcut'))
    for level in range(_LEVELS - 1):
        prefixes.update(conv_bn_pairs(f'fuse{level + 1}{level}.feature_high', f'neck.fusions.{level}', (0, 'project')))
    prefixes.update(conv_bn_pairs('head.block', 'decode_head', (0, 'hidden')))
    return prefixes


def _unet() -> dict[str, str]:
    """Encoder, fusions and head of the U-Net forms."""
    prefixes = {'Conv': 'decode_head.conv_seg'}
    for level in range(_LEVELS):
        prefixes.update(conv_bn_pairs(f'Conv{level + 1}.conv', f'backbone.stages.{level}', (0, '0'), (3, '1')))
    for level in range(_LEVELS - 1):
        ours = f'neck.fusions.{level}'
        prefixes.update(conv_bn_pairs(f'Up{level + 2}.up', ours, (1, 'up')))
        prefixes.update(conv_bn_pairs(f'Up_conv{level + 2}.conv', ours, (0, 'convs.0'), (3, 'convs.1')))
    return prefixes


def _key_map(name: str, trunk: dict[str, str], separable: bool) -> KeyMap:
    kernels = {'conv_1xn': 'row', 'conv_nx1': 'column'} if separable else {'conv': 'conv'}
    laterals: dict[str, str] = {}
    for level in range(_LEVELS):
        laterals.update(_lateral(level, kernels))
    # The separable forms also make the square kernels and never use them.
    squares = {key.removesuffix('_1xn') for key in laterals if key.endswith('conv_1xn')}
    return KeyMap(
        prefixes={**trunk, **laterals},
        gray_convs=(),
        model=name,
        source='fengyiwu98/L2SKNet model/L2SKNet/L2SKNet.py',
        dropped=tuple(sorted(squares)),
    )


FPN_KEY_MAP = _key_map('l2sknet-fpn', _fpn(), separable=False)
UNET_KEY_MAP = _key_map('l2sknet-unet', _unet(), separable=False)
SEPARABLE_FPN_KEY_MAP = _key_map('l2sknet-1d-fpn', _fpn(), separable=True)
SEPARABLE_UNET_KEY_MAP = _key_map('l2sknet-1d-unet', _unet(), separable=True)
