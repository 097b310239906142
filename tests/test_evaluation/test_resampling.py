from __future__ import annotations

import numpy as np
import pytest

from mmirstd.evaluation.resampling import draw_weights, percentile_interval, resample_weights, sequence_units


def test_sequences_are_units_where_there_are_some():
    assert sequence_units(['b', 'b', 'a', 'b']).tolist() == [0, 0, 1, 0]
    assert sequence_units(['a', 'a']) is None  # one sequence cannot be drawn
    assert sequence_units(['a', '', 'b']) is None
    assert sequence_units(['', '']) is None


def test_each_resample_draws_as_many_units_as_there_are():
    weights = resample_weights(7, resamples=50)
    assert weights.shape == (50, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert len(np.unique(weights, axis=0)) > 40
    units = np.array([0, 0, 1, 2, 2, 2])
    weights = resample_weights(6, units, resamples=50)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()
    np.testing.assert_array_equal(weights, resample_weights(6, units, resamples=50))


def test_mean_weight_is_one():
    # each image's weight has mean 1 and variance below 1: five standard errors of 4000 draws
    weights = resample_weights(20, resamples=4000)
    assert np.abs(weights.mean(axis=0) - 1).max() < 5 / np.sqrt(4000)


def test_interval_holds_the_middle():
    values = np.arange(101, dtype=np.float64)
    assert percentile_interval(values, 0.9) == pytest.approx((5, 95))
    assert percentile_interval(np.append(values, [np.nan, np.inf]), 0.9) == pytest.approx((5, 95))
    assert percentile_interval(np.full(3, np.nan)) == (None, None)


def test_units_of_many_sequences_are_looked_up_not_searched():
    compared = 0

    class Name(str):
        __hash__ = str.__hash__

        def __eq__(self, other):
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    units = sequence_units([Name(f'sequence {k // 2}') for k in range(2000)])
    assert units is not None
    assert units.tolist() == [k // 2 for k in range(2000)]
    assert compared < 5 * 2000


def test_draws_are_the_same_in_parts_of_bounded_size(monkeypatch):
    units = np.arange(90) // 3
    whole, grouped = resample_weights(90, resamples=50), resample_weights(90, units, resamples=50)
    monkeypatch.setattr('mmirstd.evaluation.resampling._BLOCK', 7 * 90)
    parts = [*draw_weights(90, 50, np.random.default_rng(0))]
    assert [len(part) for part in parts] == [7] * 7 + [1]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(resample_weights(90, units, resamples=50), grouped)
