from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from mmirstd.benchmark import mean_and_spread, paired_difference


def test_mean_and_sample_deviation() -> None:
    assert mean_and_spread([1.0, 2.0, 6.0]) == (3.0, pytest.approx(math.sqrt(7)))
    assert mean_and_spread([4.0]) == (4.0, None)
    with pytest.raises(ValueError, match='no value'):
        mean_and_spread([])


def test_interval_by_the_table_of_t() -> None:
    # differences 1, 2, 3: mean 2, deviation 1; t(0.975, 2) = 4.30265
    result = paired_difference([2, 4, 6], [1, 2, 3])
    assert (result.n, result.mean, result.positive, result.negative) == (3, 2.0, 3, 0)
    assert result.low == pytest.approx(2 - 4.30265 / math.sqrt(3), abs=1e-5)
    assert result.high == pytest.approx(2 + 4.30265 / math.sqrt(3), abs=1e-5)
    assert result.sign == 0


def test_signs() -> None:
    assert paired_difference([1.0, 1.1, 1.2], [0.0, 0.1, 0.2]).sign == 1
    assert paired_difference([0.0, 0.1, 0.2], [1.0, 1.1, 1.21]).sign == -1
    assert paired_difference([1.0, 1.0], [1.0, 1.0]).sign == 0
    one = paired_difference([1.0], [0.0])
    assert (one.low, one.high, one.sign) == (None, None, 0)
    with pytest.raises(ValueError, match='are no pairs'):
        paired_difference([1.0], [0.0, 1.0])


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=2, max_size=6))
def test_agrees_with_scipys_paired_test(pairs: list[tuple[float, float]]) -> None:
    a, b = zip(*pairs)
    result = paired_difference(a, b)
    if max(x - y for x, y in pairs) - min(x - y for x, y in pairs) < 1e-6:
        return  # scipy warns of cancellation there
    low, high = ttest_rel(a, b).confidence_interval(0.95)
    assert result.low == pytest.approx(low, abs=1e-6)
    assert result.high == pytest.approx(high, abs=1e-6)
