"""ACM (Tianfang-Zhang/acm-pytorch; XinyiYing/BasicIRSTD) and BasicIRSTD's ALCNet."""

from __future__ import annotations

from .blocks import basic_blocks, conv_bn_pairs
from .key_map import KeyMap

_UNFOLDABLE = 'the network normalizes each channel with weights of its own before the first convolution'


def _blocks(official: str, ours: str, count: int, body: bool) -> dict[str, str]:
    """Basic blocks of one stage; acm-pytorch keeps their convolutions in a ``Sequential`` called body."""
    if not body:
        return {f'{official}.{i}': f'{ours}.{i}' for i in range(count)}
    return basic_blocks(official, ours, count)


def _modulation(official: str, ours: str, project: bool) -> dict[str, str]:
    prefixes = {
        **conv_bn_pairs(f'{official}.topdown', f'{ours}.top_down', (1, 'reduce'), (4, 'expand')),
        **conv_bn_pairs(f'{official}.bottomup', f'{ours}.bottom_up', (0, 'reduce'), (3, 'expand')),
        **conv_bn_pairs(f'{official}.post', ours, (0, 'post')),
    }
    if project:
        prefixes.update(conv_bn_pairs(f'{official}.feature_high', ours, (0, 'project')))
    return prefixes


def _prefixes(
    depth: int, fuse: tuple[str, str], project: bool, body: bool, deconv: bool = True, blocks_up: bool = True
) -> dict[str, str]:
    """Names of the family.

    Args:
        depth: Blocks of a stage.
        fuse: Official names of the finer and the coarser fusion.
        project: Whether the fusions project the deep level.
        body: See :func:`_blocks`.
        deconv: Whether the levels are upsampled by transposed convolutions.
        blocks_up: Whether blocks follow the fusions.
    """
    prefixes = {'stem.0': 'backbone.stem.0'}
    prefixes.update(conv_bn_pairs('stem', 'backbone.stem', (1, '1'), (4, '2'), (7, '3')))
    for stage in range(3):
        prefixes.update(_blocks(f'layer{stage + 1}', f'backbone.stages.{stage}', depth, body))
        if body and stage:
            prefixes[f'layer{stage + 1}.0.downsample'] = f'backbone.stages.{stage}.0.downsample'
    for level in range(2):
        prefixes.update(_modulation(fuse[level], f'neck.fusions.{level}', project))
        if deconv:
            prefixes[f'deconv{level + 1}'] = f'neck.deconvs.{level}'
        if blocks_up:
            prefixes.update(_blocks(f'uplayer{level + 1}', f'neck.blocks.{level}', depth, body))
    prefixes['head.block.0'] = 'decode_head.hidden.conv'
    prefixes['head.block.1'] = 'decode_head.hidden.bn'
    prefixes['head.block.4'] = 'decode_head.conv_seg'
    return prefixes


FPN_KEY_MAP = KeyMap(
    prefixes=_prefixes(4, ('fuse12', 'fuse23'), project=True, body=True, deconv=False, blocks_up=False),
    gray_convs=(),
    model='acm-fpn',
    source='Tianfang-Zhang/acm-pytorch model/segmentation.py (ASKCResNetFPN)',
    unfoldable=_UNFOLDABLE,
)

UNET_KEY_MAP = KeyMap(
    prefixes=_prefixes(4, ('fuse1', 'fuse2'), project=True, body=True),
    gray_convs=(),
    model='acm-unet',
    source='Tianfang-Zhang/acm-pytorch model/segmentation.py (ASKCResUNet)',
    unfoldable=_UNFOLDABLE,
)

KEY_MAP = KeyMap(
    prefixes=_prefixes(3, ('fuse1', 'fuse2'), project=False, body=False),
    gray_convs=(),
    model='acm',
    source='XinyiYing/BasicIRSTD model/ACM/model_ACM.py',
)

ALCNET_KEY_MAP = KeyMap(
    prefixes={
        **_prefixes(4, ('fuse12', 'fuse23'), project=False, body=False, blocks_up=False),
        'deconv0': 'neck.finer',
    },
    gray_convs=(),
    model='alcnet',
    source='XinyiYing/BasicIRSTD model/ACM/model_ALCnet.py',
    dropped=('uplayer1', 'uplayer2'),
)
