from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mmirstd.models.losses import BinaryCrossEntropyLoss
from mmirstd.registry import MODELS

from .recorded import CASES, check, recorded_inputs


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize(
    ('name', 'levels'),
    [('SCTransNet BCE single', 1), ('SCTransNet BCE tuple of 6', 6), ('UIU-Net muti_bce_loss_fusion', 7)],
)
def test_equals_the_official_codes(name: str, levels: int, case: str) -> None:
    loss = BinaryCrossEntropyLoss()

    def recipe(logits: Tensor, target: Tensor) -> Tensor:
        return sum(loss(logits * (k + 1) / levels, target[:, 0]) for k in range(levels))

    check(recipe, name, case)


@given(st.integers(0, 10**6), st.booleans(), st.floats(0, 0.9))
def test_equals_mmsegs(seed: int, avg_non_ignore: bool, ignored: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = 5 * torch.randn(2, 1, 6, 7, generator=generator, dtype=torch.float64)
    target = (torch.rand(2, 6, 7, generator=generator) > 0.8).long()
    target[torch.rand(2, 6, 7, generator=generator) < ignored] = 255
    theirs = MODELS.build(
        dict(type='mmseg.CrossEntropyLoss', use_sigmoid=True, avg_non_ignore=avg_non_ignore, loss_weight=0.7)
    )
    ours = BinaryCrossEntropyLoss(avg_non_ignore=avg_non_ignore, loss_weight=0.7)
    assert ours.loss_name == theirs.loss_name
    # mmseg sums in float32: 84 terms of one sign, each rounded a few times, and each partial sum once.
    torch.testing.assert_close(
        ours(logits, target).float(), theirs(logits, target, ignore_index=255), rtol=(84 + 8) * 2**-24, atol=0
    )


@pytest.mark.parametrize('avg_non_ignore', [False, True])
def test_a_batch_of_ignored_pixels_costs_nothing(avg_non_ignore: bool) -> None:
    logits = torch.randn(1, 1, 4, 4, requires_grad=True)
    loss = BinaryCrossEntropyLoss(avg_non_ignore)(logits, torch.full((1, 4, 4), 255))
    loss.backward()
    assert loss == 0
    assert not logits.grad.any()


def test_ignored_pixels_change_nothing() -> None:
    logits, target = recorded_inputs()
    padded_target = torch.nn.functional.pad(target, (0, 8, 0, 8), value=255.0)
    padded_logits = torch.nn.functional.pad(logits, (0, 8, 0, 8), value=5.0)
    loss = BinaryCrossEntropyLoss(avg_non_ignore=True)
    torch.testing.assert_close(loss(padded_logits.double(), padded_target), loss(logits.double(), target))
