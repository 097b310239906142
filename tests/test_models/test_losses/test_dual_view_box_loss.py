"""Tridos's loss of boxes, against figures of the official code (golden/losses.json)."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.losses import DualViewBoxLoss
from mmirstd.models.losses.dual_view_box_loss import ciou_loss, wasserstein_similarity
from tests.rounding import UNIT
from tests.shared import load_golden

GOLDEN = load_golden('losses')['yolo']


def corners(name: str) -> torch.Tensor:
    """Boxes of the record, which has centers and sizes."""
    boxes = torch.tensor(GOLDEN[f'boxes_{name}_xywh'], dtype=torch.float64)
    return torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], dim=1)


def test_terms_are_the_official_ones() -> None:
    """Recorded in float32, a few roundings."""
    pred, target = corners('pred'), corners('target')
    for terms, name in (
        (ciou_loss(pred, target), 'ciou'),
        (wasserstein_similarity(pred, target), 'nwd_similarity_tridos'),
    ):
        recorded = torch.tensor(GOLDEN['box_losses'][name], dtype=torch.float64)
        # At equal boxes the root of eps = 1e-7 magnifies the rounding of nothing.
        torch.testing.assert_close(terms, recorded, rtol=16 * UNIT, atol=16 * UNIT)


def test_one_term_is_a_sum_and_the_other_a_mean() -> None:
    pred, target = corners('pred'), corners('target')
    single, double = (DualViewBoxLoss()(pred.repeat(k, 1), target.repeat(k, 1)) for k in (1, 2))
    overlap = ciou_loss(pred, target).sum()
    assert double - single == pytest.approx(float(overlap) / 2)
    assert DualViewBoxLoss(distance_weight=0.0, loss_weight=3.0)(pred, target) == pytest.approx(3 * float(overlap))


def test_equal_boxes_have_a_finite_gradient() -> None:
    target = corners('target')
    pred = target.clone().requires_grad_()
    DualViewBoxLoss()(pred, target).backward()
    assert torch.isfinite(pred.grad).all()
