"""STMENet (UESTC-nnLab/STME, model/STME.py)."""

from __future__ import annotations

from .key_map import KeyMap
from .shufflenet_3d import shufflenet_3d
from .yolox import concat_fusion, darknet, head

_ENCODER = {
    'fuse_time.0.conv': 'refine.conv',
    'fuse_time.0.ca.fc1': 'refine.squeeze.mlp.0',
    'fuse_time.0.ca.fc2': 'refine.squeeze.mlp.2',
    'fuse_time.0.dconv5_5': 'refine.near',
    **{
        f'fuse_time.0.dconv{old}': f'refine.strips.{index}.{part}'
        for index, length in enumerate((7, 11, 21))
        for part, old in enumerate((f'1_{length}', f'{length}_1'))
    },
    **{
        f'fuse_convs.{index}.convs.{old}': f'mix.{index}.{new}'
        for index in (0, 1, 3)
        for old, new in ((0, 'conv'), (1, 'bn'))
    },
    'fuse_convs.2': 'mix.2',
    'fuse_convs.5': 'mix.5',
}

KEY_MAP = KeyMap(
    prefixes={
        **darknet('backbone.backbone.'),
        **shufflenet_3d('backbone_3d.backbone', 'clip_backbones.0'),
        **{
            f'cls_channel_encoders{level + 1}.{old}': f'temporal_neck.encoders.{level}.{new}'
            for level in range(3)
            for old, new in _ENCODER.items()
        },
        **concat_fusion(),
        **head(),
    },
    gray_convs=('backbone.stem.conv.conv.weight', 'clip_backbones.0.stem.conv.weight'),
    model='stmenet',
    source='UESTC-nnLab/STME model/STME.py',
    # Two blocks that are never used.
    dropped=('feature_fusion.C3_p4', 'feature_fusion.C3_p3'),
)
