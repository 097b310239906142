"""HCF-Net (zhengshuchen/HCFNet, basicseg/networks/HCFnet.py, basicseg/main_blocks.py)."""

from __future__ import annotations

from .key_map import KeyMap, swap_inputs

_LEVELS = 5


def _conv(official: str, ours: str) -> dict[str, str]:
    return {f'{official}.conv': f'{ours}.conv', f'{official}.norm': f'{ours}.bn'}


def _patch_aware_attention(official: str, ours: str) -> dict[str, str]:
    prefixes = {
        f'{official}.sa.conv2d': f'{ours}.spatial_attention.conv',
        f'{official}.cn.conv.0': f'{ours}.channel_attention.conv',
        f'{official}.bn1': f'{ours}.norm',
        **_conv(f'{official}.skip', f'{ours}.shortcut'),
    }
    for i in range(3):
        prefixes.update(_conv(f'{official}.c{i + 1}', f'{ours}.convs.{i}'))
    for i, size in enumerate((2, 4)):
        branch, our_branch = f'{official}.lga{size}', f'{ours}.patches.{i}'
        prefixes[f'{branch}.prompt'] = f'{our_branch}.prompt'
        prefixes[f'{branch}.top_down_transform'] = f'{our_branch}.transform'
        prefixes[f'{branch}.conv'] = f'{our_branch}.conv'
        for j, name in enumerate(('mlp1', 'norm', 'mlp2')):
            prefixes[f'{branch}.{name}'] = f'{our_branch}.mlp.{j}'
    return prefixes


def _prefixes() -> dict[str, str]:
    prefixes = {'out': 'decode_head.conv_seg'}
    for level in range(_LEVELS):
        prefixes.update(_patch_aware_attention(f'p{level + 1}', f'backbone.stages.{level}'))
    refinement = 'backbone.refinement'
    for i in range(4):
        prefixes.update(_conv(f'mdcr.block{i + 1}', f'{refinement}.branches.{i}'))
    prefixes['mdcr.out_s.conv'] = f'{refinement}.mix'
    prefixes['mdcr.out_s.norm'] = f'{refinement}.mix_norm'
    prefixes.update(_conv('mdcr.out', f'{refinement}.leave'))
    for level in range(_LEVELS - 1):
        # The official decoder counts from the deepest level.
        step = _LEVELS - 1 - level
        prefixes[f'out{step}'] = f'decode_head.aux_convs.{level}'
        ours = f'neck.fusions.{level}'
        prefixes[f'up{step}.0'] = f'{ours}.up'
        prefixes[f'up{step}.1'] = f'{ours}.norm'
        prefixes.update(_patch_aware_attention(f'p{_LEVELS + step}', f'{ours}.block'))
        official, ours = f'respath{level + 1}', f'neck.skips.{level}'
        prefixes[f'{official}.skips.conv'] = f'{ours}.own'
        prefixes[f'{official}.skips_2.conv'] = f'{ours}.deep'
        prefixes[f'{official}.tail_conv.0.conv'] = f'{ours}.tail'
        prefixes[f'{official}.bns'] = f'{ours}.norm'
        if level:
            prefixes[f'{official}.skips_3'] = f'{ours}.fine'
        else:
            prefixes[f'{official}.conv.0.conv'] = f'{ours}.join'
    return prefixes


_PREFIXES = _prefixes()

KEY_MAP = KeyMap(
    prefixes=_PREFIXES,
    gray_convs=('backbone.stages.0.shortcut.conv.weight', 'backbone.stages.0.convs.0.conv.weight'),
    model='hcf-net',
    source='zhengshuchen/HCFNet basicseg/networks/HCFnet.py',
    transforms={
        f'{ours}.weight': swap_inputs for ours in _PREFIXES.values() if ours.endswith('spatial_attention.conv')
    },
    # Made and never used.
    dropped=('respath1.skips_3', *(f'respath{level}.conv' for level in (2, 3, 4))),
)
