from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmirstd.models.losses import ISNetEdgeLoss, SoftIoULoss

from .recorded import CASES, check, normal


@pytest.mark.parametrize('case', CASES)
def test_together_with_soft_iou_it_is_the_official_loss(case: str) -> None:
    image, edge = SoftIoULoss(per_sample=False), ISNetEdgeLoss()

    def loss(logits: Tensor, target: Tensor) -> Tensor:
        return image(logits, target) + edge(normal(9).double(), target)

    check(loss, 'ISNetLoss (BasicIRSTD)', case)


def test_ignored_pixels_do_not_count() -> None:
    logits = torch.randn(2, 1, 12, 12, dtype=torch.float64)
    target = torch.zeros(2, 12, 12, dtype=torch.long)
    target[:, 3:5, 3:5] = 1
    target[:, 8:] = 255
    loss = ISNetEdgeLoss()
    value = loss(logits, target)
    logits[:, :, 8:] += 5
    torch.testing.assert_close(loss(logits, target), value)
    # A mean over all pixels, ignored ones counted as 0: two thirds of what the visible part alone gives, and its IoU.
    single = ISNetEdgeLoss(bce_weight=0.0)
    torch.testing.assert_close(single(logits, target), single(logits[:, :, :8], target[:, :8]))
