from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, chi2

from mmirstd.false_alarms.rate_bounds import clopper_pearson, clustered_upper_bound


@pytest.mark.parametrize(('hits', 'trials'), [(0, 10), (1, 50), (7, 9), (10, 10), (0, 0)])
def test_each_end_fails_in_half_of_the_rest(hits: int, trials: int) -> None:
    low, high = clopper_pearson(hits, trials, 0.9)
    if hits:
        assert binom.sf(hits - 1, trials, low) == pytest.approx(0.05)
    else:
        assert low == 0
    if hits < trials:
        assert binom.cdf(hits, trials, high) == pytest.approx(0.05)
    else:
        assert high == 1


def test_equal_clusters_have_the_exact_poisson_bound() -> None:
    for events in (0, 1, 8):
        totals = np.zeros(100)
        totals[:events] = 3
        assert clustered_upper_bound(totals, 3, 0.95) == pytest.approx(3 * chi2.ppf(0.95, 2 * events + 2) / 2)
    # what binomial trials have when they are many
    assert clustered_upper_bound(np.zeros(10**5), 1, 0.975) == pytest.approx(
        1e5 * clopper_pearson(0, 10**5, 0.95)[1], rel=1e-4
    )


def test_pixels_that_come_together_are_no_independent_ones() -> None:
    together, apart = np.zeros(200), np.zeros(200)
    together[:2], apart[:20] = 10, 1
    assert clustered_upper_bound(together, 1) > 1.5 * clustered_upper_bound(apart, 1)


def test_it_holds_for_clusters_of_every_size() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        sizes = np.ceil(rng.lognormal(1.5, 0.8, 500))
        totals = np.where(rng.random(500) < 0.02, sizes, 0)
        held += clustered_upper_bound(totals, 12, 0.95) >= 500 * 0.02 * 6.7  # the mean of these sizes is 6.64
    # binomial with 95%: below 370 of 400 in 2 of 100 cases
    assert held >= 370


@pytest.mark.parametrize('bad', [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_bad_arguments(bad: tuple) -> None:
    with pytest.raises(ValueError, match='expected 0 <= hits'):
        clopper_pearson(*bad)
