"""ResUNet with DTUM (TinaLRJ/Multi-frame-infrared-small-target-detection-DTUM, models/model_res_UNet.py)."""

from __future__ import annotations

from . import resunet
from .key_map import KeyMap


def _temporal() -> dict[str, str]:
    """``models/layers.py``, class DTUM."""
    root = 'temporal_neck'
    prefixes = {'DTUM.bn0': f'{root}.norm', 'DTUM.final.4': f'{root}.logits'}
    for level in range(4):
        prefixes[f'DTUM.conv{level + 1}_1'] = f'{root}.down.{level}.conv'
        prefixes[f'DTUM.bn{level + 1}_1'] = f'{root}.down.{level}.norm'
    for level in range(3):
        prefixes[f'DTUM.conv{level + 1}_2'] = f'{root}.up.{level}.conv'
        prefixes[f'DTUM.bn{level + 1}_2'] = f'{root}.up.{level}.norm'
    for layer in (0, 1):
        prefixes[f'DTUM.final.{layer}'] = f'{root}.hidden.{layer}'
    return prefixes


RESUNET_KEY_MAP = KeyMap(
    prefixes={**{f'UNet.{old}': new for old, new in resunet.KEY_MAP.prefixes.items()}, **_temporal()},
    gray_convs=('backbone.stages.0.0.body.0.conv.weight', 'backbone.stages.0.0.shortcut.conv.weight'),
    model='resunet-dtum',
    source='TinaLRJ/Multi-frame-infrared-small-target-detection-DTUM models/model_res_UNet.py',
)
