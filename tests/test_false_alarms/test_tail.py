from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import genpareto

from mmirstd.false_alarms.tail import Tail, survival_bound


@pytest.mark.parametrize('shape', [-0.3, 0.0, 0.25])
def test_the_bound_holds_far_beyond_what_was_seen(shape: float) -> None:
    """A tenth of the clusters exceed the start; asked is the threshold that one in 2000 exceeds, of 400 there are."""
    threshold = genpareto.isf(1 / 200, shape, scale=3)
    rng, held = np.random.default_rng(2), 0
    for _ in range(60):
        count = rng.binomial(400, 0.1)
        peaks = 5 + genpareto.rvs(shape, scale=3, size=count, random_state=rng)
        bounds = Tail(5.0, 400, peaks, np.full(count, 2.0)).upper_bound(np.array([5.0, 5 + threshold]))
        held += bounds[1] >= 2 * 0.1 / 200
        assert bounds[0] > bounds[1] > 0
    # binomial with 95%: below 53 of 60 in 2 of 100 cases
    assert held >= 53


def test_many_peaks_give_a_tight_bound() -> None:
    excesses = genpareto.rvs(0.2, scale=4, size=4000, random_state=1)
    for share in (0.1, 0.01):
        value = genpareto.isf(share, 0.2, scale=4)
        assert share < survival_bound(excesses, np.array([value]))[0] < 1.35 * share


def test_equal_peaks_are_no_error() -> None:
    bound = survival_bound(np.full(30, 2.0), np.array([0.0, 1.0, 100.0]))
    assert bound[0] == 1
    assert bound[0] > bound[1] > bound[2] > 0
