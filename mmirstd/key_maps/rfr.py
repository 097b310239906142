"""RFR with ResUNet (XinyiYing/RFR, codes/model)."""

from __future__ import annotations

from . import resunet
from .blocks import pyramid_alignment
from .key_map import KeyMap, swap_inputs


def _prefixes() -> dict[str, str]:
    prefixes = {'feat_extract': 'stem', 'fusion': 'fuse_frame'}
    prefixes.update(pyramid_alignment('deform_align', 'align', 3))
    for level in (2, 3):
        for number in (1, 2):
            prefixes[f'deform_align.conv_l{level}_{number}'] = f'align.down.{level - 2}.{2 * number - 2}'
    for old, new in (
        ('temporal_attn1', 'embed_current'),
        ('temporal_attn2', 'embed_past'),
        ('feat_fusion', 'join'),
        ('sa.conv1', 'spatial.conv'),
        ('fa.fc', 'frequency.weigh'),
    ):
        prefixes[f'spatio_temporal_fusion.{old}'] = f'fuse_past.{new}'
    network = {old: new for old, new in resunet.KEY_MAP.prefixes.items() if 'stages.0.0.shortcut' not in new}
    prefixes.update({f'detection_head.{old}': new for old, new in network.items()})  # 16 channels in as out
    return prefixes


RESUNET_KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=(),
    model='resunet-rfr',
    source='XinyiYing/RFR codes/model/RFR_framework.py',
    transforms={'fuse_past.spatial.conv.weight': swap_inputs},
    # A table of cosines, and a layer that is never used.
    dropped=('spatio_temporal_fusion.fa.dct_layer', 'fusion_align'),
)
