"""HDNet (xumingzhu989/HDNet-TGRS, model/HDNet.py): MSHNet's decoder and outputs, another encoder."""

from __future__ import annotations

from .blocks import cbam_residual_block, conv_bn_pairs, spatial_attention_weights
from .key_map import KeyMap, swap_inputs
from .mshnet import mshnet_decoder

_STAGES = ('encoder_0', 'encoder_1', 'encoder_2', 'encoder_3', 'middle_layer')


def _atrous_contrast(official: str, ours: str) -> dict[str, str]:
    return {
        **conv_bn_pairs(f'{official}.inconv', ours, (0, 'enter')),
        f'{official}.conv1': f'{ours}.near',
        f'{official}.conv2': f'{ours}.far',
        f'{official}.conv3.0': f'{ours}.mean',
        f'{official}.conv4.0': f'{ours}.minus_far',
        f'{official}.conv5.0': f'{ours}.norm',
        **conv_bn_pairs(f'{official}.outconv', ours, (0, 'leave')),
    }


def _prefixes() -> dict[str, str]:
    prefixes = mshnet_decoder()
    prefixes.update(cbam_residual_block('py_init.0', 'backbone.image_branch', shortcut=True))
    for level, official in enumerate(_STAGES):
        prefixes.update(_atrous_contrast(f'{official}.0', f'backbone.stages.{level}.0'))
        if level:
            prefixes.update(cbam_residual_block(f'{official}.1', f'backbone.stages.{level}.1', shortcut=False))
    return prefixes


_PREFIXES = _prefixes()
_IMAGE = 'backbone.image_branch'

KEY_MAP = KeyMap(
    prefixes=_PREFIXES,
    gray_convs=('backbone.stem.weight', f'{_IMAGE}.body.0.conv.weight', f'{_IMAGE}.shortcut.conv.weight'),
    model='hdnet',
    source='xumingzhu989/HDNet-TGRS model/HDNet.py',
    transforms=dict.fromkeys(spatial_attention_weights(_PREFIXES), swap_inputs),
    # Attentions that the contrast blocks have and never use.
    dropped=tuple(f'{stage}.0.{name}' for stage in _STAGES for name in ('ca', 'sa')),
)
