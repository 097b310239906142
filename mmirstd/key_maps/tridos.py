"""Tridos (UESTC-nnLab/Tridos, nets/slowfastnet_9520.py)."""

from __future__ import annotations

from .blocks import cbam_residual_block, spatial_attention_weights
from .key_map import KeyMap, swap_inputs
from .video_swin import SWIN_BLOCK
from .yolox import head, pyramid

_NECK = {
    'conv_ref': 'gate',
    'conv_cur': 'gated.0',
    'conv_cr_mix': 'gated_mix',
    'nolocal.query_conv': 'relate.query',
    'nolocal.key_conv': 'relate.key',
    'nolocal.value_conv': 'relate.value',
    'nolocal.gamma': 'relate.gamma',
    'keyvalue_Q.key_conv': 'memory.query_key',
    'keyvalue_Q.value_conv': 'memory.query_value',
    'keyvalue_M.key_conv': 'memory.memory_key',
    'keyvalue_M.value_conv': 'memory.memory_value',
    'memory.memory_reduce.con1x1': 'memory.reduce.conv',
    'memory.memory_reduce.bn': 'memory.reduce.bn',
    'tdms.feat_diff.conv': 'difference.difference.conv',
    'tdms.feat_diff.act': 'difference.difference.activate',
    'tdms.conv1.conv': 'difference.join.conv',
    'tdms.conv1.act': 'difference.join.activate',
    'conv_fin_mix': 'motion_mix',
    'agpf.body.0.dw_amp_conv': 'spectrum.amplitude',
    'agpf.body.0.df1': 'spectrum.amplitude_gate.weigh',
    'agpf.body.0.dw_pha_conv': 'spectrum.phase',
    'agpf.body.0.df2': 'spectrum.phase_gate.weigh',
    'agpf.body.1': 'spectrum.project',
    'agpf.re_scale.scale': 'spectrum.scale',
    'conv_fre': 'spectrum_mix',
    'conv_t': 'attention_mix',
    **{
        f'tdms.{official}.{old}': f'difference.{ours}.{new}'
        for official, ours in (('res_feat1', 'motion'), ('res_feat2', 'complement'))
        for old, new in (('0', '0'), ('1.conv', '1.conv'), ('1.act', '1.activate'))
    },
    **{f'swin.tr.{i}.{old}': f'attention.{i}.{new}' for i in range(2) for old, new in SWIN_BLOCK.items()},
}
_JOINS = {
    official: value
    for old, new in (('resblock0', 'attention_join'), ('resblock1', 'spectrum_join'), ('resblock2', 'join'))
    for official, value in cbam_residual_block(f'neck.{old}', f'temporal_neck.{new}', shortcut=True).items()
}

KEY_MAP = KeyMap(
    prefixes={
        **pyramid('backbone.'),
        **{f'neck.{old}': f'temporal_neck.{new}' for old, new in _NECK.items()},
        **_JOINS,
        **head(),
    },
    gray_convs=('backbone.stem.conv.conv.weight',),
    model='tridos',
    source='UESTC-nnLab/Tridos nets/slowfastnet_9520.py',
    transforms=dict.fromkeys(spatial_attention_weights(_JOINS), swap_inputs),
    # Numbers of relative positions, and two convolutions that are never used.
    dropped=(*(f'neck.swin.tr.{i}.attn.relative_position_index' for i in range(2)), 'neck.conv_fre_mix'),
)
