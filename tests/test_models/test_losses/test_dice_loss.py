from __future__ import annotations

import pytest
import torch

from mmirstd.models.losses import DiceLoss

from .recorded import CASES, check, recorded_inputs


@pytest.mark.parametrize('case', CASES)
def test_equals_the_official_code(case: str) -> None:
    check(DiceLoss(extra_intersection=True), 'Dice (MSHNet)', case)


@pytest.mark.parametrize(('extra', 'expected'), [(False, 0), (True, 1 - (2 * 12 + 1) / (3 * 12 + 1))])
def test_of_a_perfect_prediction(extra: bool, expected: float) -> None:
    target = torch.zeros(2, 1, 8, 8, dtype=torch.float64)
    target[:, :, 2:5, 2:6] = 1
    loss = DiceLoss(extra_intersection=extra)(200 * (target - 0.5), target)
    assert float(loss) == pytest.approx(expected, abs=1e-12)


def test_ignored_pixels_change_nothing() -> None:
    logits, target = recorded_inputs()
    padded_target = torch.nn.functional.pad(target, (0, 8, 0, 8), value=255.0)
    padded_logits = torch.nn.functional.pad(logits, (0, 8, 0, 8), value=5.0)
    torch.testing.assert_close(DiceLoss()(padded_logits, padded_target), DiceLoss()(logits, target))
