"""The block of the official Video Swin Transformer, which several codes copied, against ``SwinBlock3D``."""

from __future__ import annotations

SWIN_BLOCK = {
    'norm1': 'norm1',
    'attn.relative_position_bias_table': 'attention.position_bias',
    'attn.qkv': 'attention.qkv',
    'attn.proj': 'attention.project',
    'norm2': 'norm2',
    'mlp.fc1': 'mlp.0',
    'mlp.fc2': 'mlp.2',
}
