"""Options of ACM's neck that no recorded network has; the others are in tests/test_models/test_golden.py."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.necks import ACMNeck


@pytest.mark.parametrize(
    ('modulation', 'pooled'), [('asymmetric', (True, False)), ('local', (False, False)), ('global', (True, True))]
)
def test_gates_of_the_ablations(modulation: str, pooled: tuple[bool, bool]) -> None:
    neck = ACMNeck([4, 8], modulation=modulation).eval()
    assert (neck.fusions[0].top_down.pooled, neck.fusions[0].bottom_up.pooled) == pooled
    inputs = [torch.rand(1, 4, 6, 8), torch.rand(1, 8, 3, 4)]
    assert [level.shape for level in neck(inputs)] == [level.shape for level in inputs]


def test_a_finer_level_comes_first() -> None:
    neck = ACMNeck([4, 8], upsample='deconv', project=False, num_blocks=[1], finer_channels=2).eval()
    outs = neck([torch.rand(1, 4, 6, 8), torch.rand(1, 8, 3, 4)])
    assert [tuple(level.shape[1:]) for level in outs] == [(2, 12, 16), (4, 6, 8), (8, 3, 4)]


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValueError, match="'bilinear' or 'deconv'"):
        ACMNeck(upsample='nearest')
    with pytest.raises(ValueError, match="'asymmetric', 'global', 'local'"):
        ACMNeck(modulation='none')
