from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mmirstd.models.losses import FocalIoULoss

from .recorded import CASES, check, recorded_inputs


@pytest.mark.parametrize('case', CASES)
def test_equals_the_official_code(case: str) -> None:
    check(FocalIoULoss(), 'FocalIoULoss (MTU-Net)', case, rel=1e-13)


def test_ignored_pixels_are_as_if_they_were_not_there() -> None:
    logits, target = recorded_inputs()
    ignored = target.clone()
    ignored[..., 16:] = 255
    torch.testing.assert_close(FocalIoULoss()(logits, ignored), FocalIoULoss()(logits[..., :16], target[..., :16]))


@pytest.mark.parametrize('size', [-200.0, 200.0])
def test_saturated_logits_have_finite_gradients(size: float) -> None:
    logits = torch.full((1, 1, 4, 4), size, requires_grad=True)
    FocalIoULoss()(logits, torch.zeros(1, 1, 4, 4)).backward()
    assert torch.isfinite(logits.grad).all()


def test_no_operation_that_autocast_refuses_on_a_gpu() -> None:
    class Names(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            names.add(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))

    names: set[str] = set()
    with Names():
        FocalIoULoss()(torch.zeros(1, 1, 4, 4, requires_grad=True), torch.ones(1, 1, 4, 4))
    assert 'log' in names
    assert 'binary_cross_entropy' not in names
