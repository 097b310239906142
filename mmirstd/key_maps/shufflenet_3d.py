"""ShuffleNetV2 in time and space, as STMENet's and TDCNet's codes write it, against ``ShuffleNet3D``."""

from __future__ import annotations

from .blocks import conv_bn_pairs

_DEPTHS = (4, 8, 4)
_DIFFERENCES = ('s_tdc', 'm_tdc', 'l_tdc')


def _difference(official: str, ours: str) -> dict[str, str]:
    """Three branches of temporal differences."""
    prefixes = {}
    for index, name in enumerate(_DIFFERENCES):
        prefixes[f'{official}.{name}.0.conv'] = f'{ours}.convs.{index}'
        prefixes[f'{official}.{name}.1'] = f'{ours}.norms.{index}'
    return prefixes


def shufflenet_3d(official: str, ours: str, difference: bool = False) -> dict[str, str]:
    """A backbone.

    Args:
        official: Official path of it.
        ours: Our path.
        difference: It has temporal differences.
    """
    prefixes = {}
    if difference:
        prefixes.update(_difference(f'{official}.conv1', f'{ours}.stem'))
    else:
        prefixes.update({f'{official}.conv1.0': f'{ours}.stem.conv', f'{official}.conv1.1': f'{ours}.stem.bn'})
    number = 0
    for stage, depth in enumerate(_DEPTHS):
        for unit in range(depth):
            old, new = f'{official}.features.{number}', f'{ours}.stages.{stage}.{unit}'
            number += 1
            if difference:
                prefixes.update(conv_bn_pairs(f'{old}.banch2', new, (0, 'branch.0'), (4, 'branch.2')))
                prefixes.update(_difference(f'{old}.banch2.3', f'{new}.branch.1'))
            else:
                prefixes.update(conv_bn_pairs(f'{old}.banch2', new, (0, 'branch.0'), (3, 'branch.1'), (5, 'branch.2')))
            if unit == 0 and difference:
                prefixes.update(_difference(f'{old}.banch1.0', f'{new}.shortcut.0'))
                prefixes.update(conv_bn_pairs(f'{old}.banch1', new, (1, 'shortcut.1')))
            elif unit == 0:
                prefixes.update(conv_bn_pairs(f'{old}.banch1', new, (0, 'shortcut.0'), (2, 'shortcut.1')))
    return prefixes
