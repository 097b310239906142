"""The term that keeps logits from growing without end."""

from __future__ import annotations

import pytest
import torch
from mmengine.registry import init_default_scope

from mmirstd.models.losses import LogitMarginLoss
from mmirstd.registry import MODELS

LOGITS = torch.tensor([[[[0.0, 7.0], [-16.0, 24.0]]]])


def test_only_what_is_beyond_the_margin_costs() -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = LogitMarginLoss(margin=8, loss_weight=1)(logits, torch.zeros(1, 2, 2))
    loss.backward()
    assert loss == (1 + 2) / 4
    assert logits.grad is not None
    assert logits.grad.flatten().tolist() == [0, 0, -1 / 32, 1 / 32]  # the same however far


def test_the_target_says_nothing_but_which_pixels_count() -> None:
    loss = LogitMarginLoss(margin=8, loss_weight=2)
    assert loss(LOGITS, torch.ones(1, 2, 2)) == loss(LOGITS, torch.zeros(1, 2, 2)) == 2 * 3 / 4
    assert loss(LOGITS, torch.tensor([[[0, 0], [0, 255]]])) == 2 * 1 / 4


def test_a_head_takes_it_beside_its_loss() -> None:
    """Logits that soft IoU would raise further stay near the margin."""
    init_default_scope('mmseg')
    target = torch.zeros(2, 16, 16)
    target[:, 4:7, 4:7] = 1
    largest = []
    for further in ([], [dict(type='mmirstd.LogitMarginLoss', margin=4.0)]):
        losses = [MODELS.build(dict(type='mmirstd.SoftIoULoss')), *map(MODELS.build, further)]
        logits = torch.zeros(2, 1, 16, 16, requires_grad=True)
        optimizer = torch.optim.Adam([logits], lr=0.5)
        for _ in range(200):
            optimizer.zero_grad()
            sum(loss(logits, target) for loss in losses).backward()
            optimizer.step()
        assert ((logits[:, 0] > 0) == (target > 0)).all()
        largest.append(logits.detach().abs().max().item())
    assert largest[1] < 8 < largest[0]


@pytest.mark.parametrize('margin', [0, -1, float('nan')])
def test_a_margin_that_is_none(margin: float) -> None:
    with pytest.raises(ValueError, match='expected a number above 0'):
        LogitMarginLoss(margin)
