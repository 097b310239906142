"""TDCNet (IVPLaboratory/TDCNet, model/TDCNet)."""

from __future__ import annotations

from .key_map import KeyMap
from .shufflenet_3d import shufflenet_3d
from .yolox import concat_fusion, darknet, head


def _attention(official: str, ours: str) -> dict[str, str]:
    return {
        f'{official}.relative_position_bias_table': f'{ours}.position_bias',
        f'{official}.proj': f'{ours}.project',
    }


def _levels() -> dict[str, str]:
    prefixes = {}
    for level in range(3):
        ours = f'temporal_neck.levels.{level}'
        for index, kind in enumerate('qkv'):
            old, new = f'{kind}_sa{level + 1}', f'{ours}.own.{index}'
            for half in (0, 1):
                prefixes.update(_attention(f'{old}.attn{half + 1}', f'{new}.attentions.{half}'))
                prefixes[f'{old}.attn{half + 1}.qkv'] = f'{new}.attentions.{half}.qkv'
                prefixes[f'{old}.mlp{half + 1}'] = f'{new}.mlps.{half}'
            prefixes.update({f'{old}.norm{number + 1}': f'{new}.norms.{number}' for number in range(4)})
        old, new = f'ca{level + 1}', f'{ours}.guide'
        prefixes.update(_attention(f'{old}.attn', f'{new}.attention'))
        prefixes.update({f'{old}.norm1_{kind}': f'{new}.norms.{index}' for index, kind in enumerate('qkv')})
        prefixes.update({f'{old}.norm2': f'{new}.out_norm', f'{old}.mlp': f'{new}.mlp'})
    return prefixes


KEY_MAP = KeyMap(
    prefixes={
        **darknet('backbone2d.backbone.'),
        **shufflenet_3d('backbonetd.backbone', 'clip_backbones.0', difference=True),
        **shufflenet_3d('backbone3d.backbone', 'clip_backbones.1'),
        **_levels(),
        **concat_fusion(),
        **head(),
    },
    gray_convs=(
        'backbone.stem.conv.conv.weight',
        *(f'clip_backbones.0.stem.convs.{index}.weight' for index in range(3)),
        'clip_backbones.1.stem.conv.weight',
    ),
    model='tdcnet',
    source='IVPLaboratory/TDCNet model/TDCNet/TDCNetwork.py',
    # Numbers of relative positions, projections that the cross attention never uses, and two blocks likewise.
    dropped=(
        *(
            f'{kind}_sa{level}.attn{half}.relative_position_index'
            for kind in 'qkv'
            for level in (1, 2, 3)
            for half in (1, 2)
        ),
        *(f'ca{level}.attn.{part}' for level in (1, 2, 3) for part in ('relative_position_index', 'qkv')),
        'feature_fusion.C3_p4',
        'feature_fusion.C3_p3',
    ),
)
