"""RDIAN (XinyiYing/BasicIRSTD, model/RDIAN/model_RDIAN.py)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap, linear_to_conv


def _prefixes() -> dict[str, str]:
    prefixes = {}
    for official, ours in (
        ('conv1', 'backbone.stem'),
        ('conv2', 'backbone.down'),
        ('conv_cat', 'backbone.merge'),
        ('conv_res', 'neck.project'),
    ):
        prefixes.update(conv_bn_pairs(official, ours.rpartition('.')[0], (0, ours.rpartition('.')[2])))
    for branch, blocks in enumerate((1, 2, 2, 2)):
        for block in range(blocks):
            for layer in range(2):
                prefixes.update(
                    conv_bn_pairs(
                        f'residual_block{branch}.{block}.layer{layer + 1}',
                        f'backbone.branches.{branch}.{block}.body',
                        (0, str(layer)),
                    )
                )
    attention = 'neck.attention'
    prefixes.update(
        {
            'cbam.ChannelGate.mlp.1': f'{attention}.channel_attention.mlp.0',
            'cbam.ChannelGate.mlp.3': f'{attention}.channel_attention.mlp.2',
            'cbam.SpatialGate.spatial.conv': f'{attention}.spatial_attention.conv',
            'cbam.SpatialGate.spatial.bn': f'{attention}.spatial_attention.norm',
            'head.block.4': 'decode_head.conv_seg',
        }
    )
    prefixes.update(conv_bn_pairs('head.block', 'decode_head', (0, 'hidden')))
    return prefixes


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='rdian',
    source='XinyiYing/BasicIRSTD model/RDIAN/model_RDIAN.py',
    transforms={f'neck.attention.channel_attention.mlp.{i}.weight': linear_to_conv for i in (0, 2)},
    # The eight fixed kernels of the direction contrast, which ours computes by shifting.
    dropped=tuple(f'd1{i}' for i in range(1, 9)),
)
