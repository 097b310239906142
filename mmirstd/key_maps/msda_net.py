"""MSDA-Net (YuChuang1205/MSDA-Net, model/MSDA_Net/MSDA.py)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap
from .residual_encoder import entry_block, stem

# Index of a finer level's 1x1 convolution behind its max poolings.
_CONTEXT_INDEX = (4, 3, 2, 1)


def _dilated_branches(official: str, ours: str, pairs: tuple[bool, ...]) -> dict[str, str]:
    """Branches of one (False) or two (True) convolution-norm pairs."""
    prefixes = {}
    for i, pair in enumerate(pairs):
        prefixes[f'{official}.branch{i}.0'] = f'{ours}.{i}.0' if pair else f'{ours}.{i}'
        if pair:
            prefixes[f'{official}.branch{i}.1'] = f'{ours}.{i}.1'
    return prefixes


def _direction_block(official: str, ours: str) -> dict[str, str]:
    prefixes = _dilated_branches(official, f'{ours}.branches', (False, True, True, True))
    for i, subband in enumerate(('LL', 'LH', 'HL', 'HH')):
        prefixes[f'{official}.FrequencyAttention.{subband}_reduce'] = f'{ours}.directions.attentions.{i}'
    prefixes.update(conv_bn_pairs(f'{official}.FrequencyAttention.conv_res', ours, (0, 'directions.conv')))
    prefixes[f'{official}.conv_cat'] = f'{ours}.fuse'
    prefixes[f'{official}.SEAttention'] = f'{ours}.se'
    prefixes[f'{official}.conv_res'] = f'{ours}.out'
    return prefixes


def _prefixes() -> dict[str, str]:
    prefixes = stem()
    for stage in range(5):
        prefixes.update(entry_block(stage))
        for block in (1, 2):
            prefixes.update(
                _direction_block(f'stage.resnet{stage + 1}_{block + 1}', f'backbone.stages.{stage}.{block}')
            )
        prefixes.update(_dilated_branches(f'mlcl{stage + 1}', f'neck.laterals.{stage}.branches', (False, True, True)))
        prefixes[f'mlcl{stage + 1}.conv_cat'] = f'neck.laterals.{stage}.fuse'
    for stage, index in enumerate(_CONTEXT_INDEX):
        prefixes[f'stage.layer{stage + 1}_4.{index}'] = f'backbone.contexts.{stage}.conv'
        official, ours = f'sbam{stage + 1}', f'neck.fusions.{stage}'
        prefixes.update(conv_bn_pairs(f'{official}.concat_layer', ours, (0, 'align.0'), (3, 'align.1')))
        prefixes.update(conv_bn_pairs(f'{official}.hl_layer', ours, (0, 'project')))
    prefixes['stage.layer5_4.0'] = 'backbone.context_fusion.0.conv'
    prefixes['stage.layer5_4.2'] = 'backbone.context_fusion.1.conv'
    prefixes['layer.0'] = 'decode_head.hidden.conv'
    prefixes['layer.2'] = 'decode_head.conv_seg'
    return prefixes


def _dropped() -> tuple[str, ...]:
    """The Haar filters, which are constants, and the convolutions that the laterals make and never use."""
    dropped = ['stage.hfrequency']
    for stage in range(1, 6):
        dropped.append(f'mlcl{stage}.conv_res')
        dropped += [
            f'stage.resnet{stage}_{block}.FrequencyAttention.{subband}_DWT_2D_attation'
            for block in (2, 3)
            for subband in ('LL', 'LH', 'HL', 'HH')
        ]
    return tuple(dropped)


KEY_MAP = KeyMap(
    prefixes=_prefixes(),
    gray_convs=('backbone.stem.0.conv.weight',),
    model='msda-net',
    source='YuChuang1205/MSDA-Net model/MSDA_Net/MSDA.py',
    dropped=_dropped(),
)
