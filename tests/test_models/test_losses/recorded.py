"""Inputs of the recorded loss values, and the comparison with them (tests/data/golden/losses*.json)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.shared import load_golden

GOLDEN = {entry['name']: entry for file in ('losses', 'losses_more') for entry in load_golden(file)['losses']}
CASES = ('target_float64', 'target_empty_float64')


def recorded_inputs() -> tuple[Tensor, Tensor]:
    """Logits and target, (2, 1, 32, 32) float32."""
    target = (np.random.Generator(np.random.PCG64(8)).random((2, 1, 32, 32)) > 0.97).astype(np.float32)
    return normal(7), torch.from_numpy(target)


def normal(seed: int) -> Tensor:
    return torch.from_numpy(
        np.random.Generator(np.random.PCG64(seed)).standard_normal((2, 1, 32, 32)).astype(np.float32)
    )


def check(loss: Callable[[Tensor, Tensor], Tensor], name: str, case: str, rel: float | None = None) -> None:
    """Value and the sums of the gradient by the logits equal the record, in double precision."""
    logits, target = recorded_inputs()
    if 'empty' in case:
        target = torch.zeros_like(target)
    logits = logits.double().requires_grad_()
    value = loss(logits, target.double())
    value.backward()
    expected = GOLDEN[name][case]
    assert value.item() == pytest.approx(expected['value'], abs=1e-12, rel=rel)
    # The records of codes that take probabilities hold the gradient by the logits as well: the sigmoid was outside.
    assert float(logits.grad.sum()) == pytest.approx(expected['grad_sum'], abs=1e-12, rel=rel)
    assert float(logits.grad.abs().sum()) == pytest.approx(expected['grad_abs_sum'], abs=1e-12, rel=rel)
