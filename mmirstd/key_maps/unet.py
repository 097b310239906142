"""U-Net (XinyiYing/BasicIRSTD, model/Unet/model_Unet.py) against mmseg's UNet."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap


def _prefixes() -> dict[str, str]:
    prefixes = {'Conv': 'decode_head.conv_seg'}
    two_convs = ((0, 'convs.0'), (3, 'convs.1'))
    for i in range(5):
        # mmseg puts the max pool in front of every stage but the first.
        stage = f'backbone.encoder.{i}.{1 if i else 0}'
        prefixes.update(conv_bn_pairs(f'Conv{i + 1}.conv', stage, *two_convs))
    for i in range(4):
        decoder = f'backbone.decoder.{i}'
        prefixes.update(conv_bn_pairs(f'Up{i + 2}.up', f'{decoder}.upsample', (1, 'interp_upsample.1')))
        prefixes.update(conv_bn_pairs(f'Up_conv{i + 2}.conv', f'{decoder}.conv_block', *two_convs))
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='unet',
    source='XinyiYing/BasicIRSTD model/Unet/model_Unet.py',
)
