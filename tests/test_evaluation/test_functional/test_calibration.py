from __future__ import annotations

import numpy as np
import pytest

from mmirstd.evaluation.functional.calibration import LogitCounts
from mmirstd.utils.logits import probability_of


def sample(scale: float, bias: float = 0.0, seed: int = 0) -> tuple[LogitCounts, np.ndarray, np.ndarray]:
    """Truth drawn by calibrated logits, which are then stretched and moved."""
    rng = np.random.default_rng(seed)
    right = rng.normal(-2, 2, (300, 300))
    mask = rng.random(right.shape) < probability_of(right)
    logit = ((right - bias) * scale).astype(np.float32)
    counts = LogitCounts()
    for part in range(3):  # as three images
        counts.add(logit[part::3], mask[part::3])
    return counts, logit, mask


def test_the_measures_are_those_of_the_pixels() -> None:
    counts, logit, mask = sample(3)
    found = counts.measure(2.0, 0.5)
    scaled = logit.astype(np.float64) / 2 + 0.5
    p = probability_of(scaled)
    # a bin is two percent wide
    assert found.nll == pytest.approx(
        np.where(mask, np.logaddexp(0, -scaled), np.logaddexp(0, scaled)).mean(), rel=1e-3
    )
    assert found.brier == pytest.approx(((p - mask) ** 2).mean(), rel=1e-3)
    place = np.minimum((p * 15).astype(int), 14)
    ece = sum(abs(p[place == k].sum() - mask[place == k].sum()) for k in range(15)) / p.size
    assert found.ece == pytest.approx(ece, rel=0.02)


def test_the_temperature_undoes_what_a_loss_blew_up() -> None:
    counts, logit, _ = sample(40)
    assert logit.max() > 100
    temperature = counts.fit_temperature()
    assert temperature == pytest.approx(40, rel=0.03)
    before, after = counts.measure(), counts.measure(temperature)
    assert after.ece < 0.1 * before.ece
    assert after.nll < 0.2 * before.nll
    said, true, pixels = counts.diagram(temperature)
    assert pixels.sum() == logit.size
    np.testing.assert_allclose(said, true, atol=4 * 0.5 / np.sqrt(pixels.min()))


def test_platt_also_finds_the_bias() -> None:
    counts, *_ = sample(5, bias=1.5)
    temperature, bias = counts.fit_platt()
    assert temperature == pytest.approx(5, rel=0.05)
    assert bias == pytest.approx(1.5, abs=0.1)
    assert counts.measure(temperature, bias).nll < counts.measure(counts.fit_temperature()).nll


def test_without_targets_or_pixels() -> None:
    counts = LogitCounts()
    with pytest.raises(ValueError, match='0 pixels'):
        counts.measure()
    counts.add(np.zeros((3, 3)), np.zeros((3, 3), bool))
    with pytest.raises(ValueError, match='both kinds|of targets and of background'):
        counts.fit_temperature()
