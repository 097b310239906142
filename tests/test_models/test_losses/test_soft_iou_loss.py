from __future__ import annotations

import numpy as np
import pytest
import torch

from mmirstd.models.losses import SoftIoULoss
from tests.golden import load_golden

GOLDEN = {entry['name']: entry for entry in load_golden('losses')['losses']}


def recorded_inputs() -> tuple[torch.Tensor, torch.Tensor]:
    logits = np.random.Generator(np.random.PCG64(7)).standard_normal((2, 1, 32, 32)).astype(np.float32)
    target = (np.random.Generator(np.random.PCG64(8)).random((2, 1, 32, 32)) > 0.97).astype(np.float32)
    return torch.from_numpy(logits), torch.from_numpy(target)


@pytest.mark.parametrize(('name', 'per_sample'), [('SoftIoULoss (MSDA-Net)', True), ('SoftIoULoss (MSHNet)', True),
                                                  ('SoftIoULoss (DNANet)', False),
                                                  ('SoftIoULoss single (BasicIRSTD)', False)])
@pytest.mark.parametrize('case', ['target_float64', 'target_empty_float64'])
def test_equals_the_official_codes(name: str, per_sample: bool, case: str) -> None:
    logits, target = recorded_inputs()
    if 'empty' in case:
        target = torch.zeros_like(target)
    logits = logits.double().requires_grad_()
    loss = SoftIoULoss(per_sample=per_sample)(logits, target.double())
    loss.backward()
    assert float(loss) == pytest.approx(GOLDEN[name][case]['value'], abs=1e-12)
    assert float(logits.grad.sum()) == pytest.approx(GOLDEN[name][case]['grad_sum'], abs=1e-12)
    assert float(logits.grad.abs().sum()) == pytest.approx(GOLDEN[name][case]['grad_abs_sum'], abs=1e-12)


def test_ignored_pixels_change_nothing() -> None:
    logits, target = recorded_inputs()
    loss = SoftIoULoss()
    padded_logits = torch.nn.functional.pad(logits, (0, 8, 0, 8), value=5.0)
    padded_target = torch.nn.functional.pad(target, (0, 8, 0, 8), value=255.0)
    torch.testing.assert_close(loss(padded_logits, padded_target[:, 0].long()), loss(logits, target[:, 0].long()))


def test_half_precision_logits_are_summed_in_float32() -> None:
    logits, target = torch.full((1, 1, 512, 512), -1.0).bfloat16(), torch.zeros(1, 512, 512, dtype=torch.long)
    expected = SoftIoULoss()(logits.float(), target)
    torch.testing.assert_close(SoftIoULoss()(logits, target), expected)


def test_shape_mismatch_is_named() -> None:
    with pytest.raises(ValueError, match='do not fit'):
        SoftIoULoss()(torch.zeros(1, 1, 4, 4), torch.zeros(1, 5, 4))
