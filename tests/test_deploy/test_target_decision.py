"""The mask of a graph against the operating point that made it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmirstd.deploy.target_decision import TargetDecision, local_score
from mmirstd.false_alarms.cfar import Cfar
from mmirstd.false_alarms.operating_point import OperatingPoint

SIZES = [(64, 64), (45, 130), (9, 12)]  # the last one is smaller than the ring


def logits(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Logits as large as networks give them: a background far below 0, clutter on one side, and targets."""
    random = np.random.default_rng(seed)
    found = random.normal(-90, 1 + 12 * (np.arange(shape[1]) > shape[1] // 2), shape)
    for _ in range(3):
        row, column = random.integers(2, min(shape) - 2, 2)
        found[row - 1 : row + 2, column - 1 : column + 2] += 120
    return found.astype(np.float32)


@pytest.mark.parametrize('shape', SIZES)
@pytest.mark.parametrize('cfar', [Cfar(), Cfar(3, 9, 0.5), Cfar(1, 3)])
def test_the_local_score_is_that_of_cfar(shape: tuple[int, int], cfar: Cfar) -> None:
    """In float64 the same up to the order of the sums; in float32 up to the rounding of the squares."""
    batch = np.stack([logits(shape), logits(shape, 1)])
    expected = np.stack([cfar(one) for one in batch])
    exact = local_score(torch.from_numpy(batch).double(), cfar).numpy()
    np.testing.assert_allclose(exact, expected, rtol=1e-5, atol=1e-5)
    found = local_score(torch.from_numpy(batch), cfar).numpy()
    # A square of up to 200 logits has an error of 200^2 times that of float32, beside a spread of floor^2 or more.
    np.testing.assert_allclose(found, expected, rtol=4e4 * 2**-22 / cfar.floor**2, atol=1e-3)


@pytest.mark.parametrize('point', [OperatingPoint(-60.0), OperatingPoint(5.0, Cfar(3, 9))])
def test_masks(point: OperatingPoint) -> None:
    image = logits((40, 70))
    decision = TargetDecision(point.threshold, point)
    (mask,) = decision(torch.from_numpy(image)[None].sigmoid(), torch.from_numpy(image)[None])
    assert mask.dtype == torch.uint8
    assert np.array_equal(mask[0].numpy() > 0, point.mask(image))
    assert 0 < mask.sum() < mask.numel() / 4
    assert f'{point.logit:g}' in decision.outputs['mask']


def test_a_probability_decides_where_there_is_no_other_threshold() -> None:
    (mask,) = TargetDecision(0.3)(torch.tensor([[[0.3, 0.31]]]), torch.zeros(1, 1, 2))
    assert mask.tolist() == [[[0, 1]]]


def test_medians_leave_the_mask_to_the_inferencer() -> None:
    decision = TargetDecision(0.5, OperatingPoint(5.0, Cfar(statistic='median')))
    maps = torch.zeros(1, 4, 4)
    assert (decision.in_graph, decision.outputs, decision(maps, maps)) == (False, {}, ())
