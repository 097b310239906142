"""SCTransNet (xdFai/SCTransNet, model/SCTransNet.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .blocks import cbam_residual_block
from .key_map import KeyMap

if TYPE_CHECKING:
    from torch import Tensor

_LEVELS, _BLOCKS = 4, 4


def finest_first(weight: Tensor) -> Tensor:
    """The official fusion sees the finest map last, ours first; (1, 5, 1, 1)."""
    return weight.roll(1, dims=1)


def _block(official: str, ours: str) -> tuple[dict[str, str], dict[str, str]]:
    """Prefixes of one transformer block, and of the scalars that it never uses."""
    attention, our_attention = f'{official}.channel_attn', f'{ours}.attention'
    prefixes = {f'{official}.attn_norm.body': f'{ours}.joint_norm'}
    for name, key in (('k', 'key'), ('v', 'value')):
        prefixes[f'{attention}.mhead{name}'] = f'{our_attention}.{key}.0'
        prefixes[f'{attention}.{name}'] = f'{our_attention}.{key}.1'
    for i in range(_LEVELS):
        n = i + 1
        prefixes[f'{official}.attn_norm{n}.body'] = f'{ours}.attention_norms.{i}'
        prefixes[f'{official}.ffn_norm{n}.body'] = f'{ours}.ffn_norms.{i}'
        prefixes[f'{attention}.mhead{n}'] = f'{our_attention}.queries.{i}.0'
        prefixes[f'{attention}.q{n}'] = f'{our_attention}.queries.{i}.1'
        prefixes[f'{attention}.project_out{n}'] = f'{our_attention}.projections.{i}'
        ffn, our_ffn = f'{official}.ffn{n}', f'{ours}.ffns.{i}'
        prefixes.update({f'{ffn}.{name}': f'{our_ffn}.{name}' for name in ('project_in', 'project_out')})
        prefixes.update({f'{ffn}.dwconv{s}x{s}': f'{our_ffn}.branches.{j}' for j, s in enumerate((3, 5))})
        prefixes[f'{ffn}.eca.conv.0'] = f'{our_ffn}.eca'
    unused = {
        f'{attention}.q{i + 1}_attn{j + 1}': f'{our_attention}.unused.{_LEVELS * i + j}'
        for i in range(_LEVELS)
        for j in range(_LEVELS)
    }
    return prefixes, unused


def _prefixes() -> tuple[dict[str, str], dict[str, str]]:
    prefixes = {'outc': 'decode_head.conv_seg', 'outconv': 'decode_head.fusion'}
    unused = {}
    for level in range(5):
        official = f'down_encoder{level}' if level else 'inc'
        prefixes.update(
            cbam_residual_block(f'{official}.0', f'backbone.stages.{level}.0', shortcut=level < 4, attention=False)
        )
    for i in range(_LEVELS):
        n = i + 1
        prefixes[f'gt_conv{n + 1}.0'] = f'decode_head.aux_convs.{i}'
        prefixes[f'mtc.embeddings_{n}.patch_embeddings'] = f'neck.transformer.embeddings.{i}'
        unused[f'mtc.embeddings_{n}.position_embeddings'] = f'neck.transformer.unused.{i}'
        prefixes[f'mtc.encoder.encoder_norm{n}.body'] = f'neck.transformer.norms.{i}'
        for kind, name in (('conv', 'conv'), ('norm', 'bn')):
            prefixes[f'mtc.reconstruct_{n}.{kind}'] = f'neck.transformer.reconstructions.{i}.{name}'
            for j in (0, 1):
                prefixes[f'up_decoder{n}.nConvs.{j}.{kind}'] = f'neck.fusions.{i}.convs.{j}.{name}'
        prefixes[f'up_decoder{n}.coatt.mlp_x.1'] = f'neck.fusions.{i}.attention.of_skip'
        prefixes[f'up_decoder{n}.coatt.mlp_g.1'] = f'neck.fusions.{i}.attention.of_deep'
    for layer in range(_BLOCKS):
        block, block_unused = _block(f'mtc.encoder.layer.{layer}', f'neck.transformer.blocks.{layer}')
        prefixes.update(block)
        unused.update(block_unused)
    return prefixes, unused


_PREFIXES, _UNUSED = _prefixes()

KEY_MAP = KeyMap(
    prefixes=_PREFIXES,
    unused=_UNUSED,
    gray_convs=(),
    model='sctransnet',
    source='xdFai/SCTransNet model/SCTransNet.py',
    transforms={'decode_head.fusion.weight': finest_first},
)
