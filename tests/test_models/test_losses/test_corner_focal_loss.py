from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmirstd.models.losses import CornerFocalLoss

from .recorded import CASES, check, recorded_inputs

# isort: split
from mmdet.models.losses.gaussian_focal_loss import gaussian_focal_loss


@pytest.mark.parametrize('case', CASES)
def test_equals_the_official_code_when_its_broadcast_is_written_out(case: str) -> None:
    loss = CornerFocalLoss()

    def official(logits: Tensor, target: Tensor) -> Tensor:
        return sum(loss(one.expand_as(target), target) for one in logits.split(1)) / len(logits)

    check(official, 'FL = CornerNet focal (ISTDU-Net-main)', case, rel=1e-12)


def test_is_mmdets_gaussian_focal_loss_with_another_normalizer() -> None:
    logits, target = recorded_inputs()
    expected = gaussian_focal_loss(logits.sigmoid(), target, reduction='sum') / target.sum()
    torch.testing.assert_close(CornerFocalLoss()(logits, target), expected)


def test_ignored_pixels_change_nothing() -> None:
    logits, target = recorded_inputs()
    padded_target = torch.nn.functional.pad(target, (0, 8, 0, 8), value=255.0)
    padded_logits = torch.nn.functional.pad(logits, (0, 8, 0, 8), value=5.0)
    torch.testing.assert_close(CornerFocalLoss()(padded_logits, padded_target), CornerFocalLoss()(logits, target))


def test_extreme_logits_stay_finite() -> None:
    logits = torch.tensor([[[[200.0, -200.0]]]], requires_grad=True)
    loss = CornerFocalLoss()(logits, torch.tensor([[[[0.0, 1.0]]]]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()
