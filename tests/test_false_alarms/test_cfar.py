from __future__ import annotations

import numpy as np
import pytest

from mmirstd.false_alarms.cfar import Cfar


def test_the_statistics_are_those_of_the_ring() -> None:
    rng = np.random.default_rng(0)
    logit = rng.normal(-200, 3, (60, 70)).astype(np.float32)
    cfar = Cfar(guard=5, ring=11, floor=0.01)
    ring = np.ones((11, 11), bool)
    ring[3:8, 3:8] = False
    for row, column in ((20, 30), (5, 5), (54, 64)):
        around = logit[row - 5 : row + 6, column - 5 : column + 6][ring].astype(np.float64)
        expected = (logit[row, column] - around.mean()) / around.std()
        # the squares of 200 in float64, and the rounding of the result to float32
        assert cfar(logit)[row, column] == pytest.approx(expected, rel=1e-6)


def test_it_adapts_to_clutter_and_a_smooth_surrounding_makes_much_of_nothing() -> None:
    rng = np.random.default_rng(1)
    logit = np.full((80, 160), -20.0, np.float32)
    logit[:, 80:] += rng.normal(10, 4, (80, 80)).astype(np.float32)
    logit[40, 40] = logit[40, 120] = 5
    score = Cfar()(logit)
    assert score[40, 40] > 20 > 6 > score[40, 120] > 2
    assert np.abs(score[:, :15]).max() < 1e-3


def test_medians_are_those_of_evenly_spaced_pixels_of_the_ring() -> None:
    logit = np.random.default_rng(2).normal(-200, 3, (60, 70)).astype(np.float32)
    cfar = Cfar(guard=5, ring=11, floor=0.01, statistic='median')
    ring = np.ones((11, 11), bool)  # of 96 pixels, all of which count
    ring[3:8, 3:8] = False
    for row, column in ((20, 30), (5, 5), (54, 64)):
        around = logit[row - 5 : row + 6, column - 5 : column + 6][ring]
        spread = 1.4826 * np.median(np.abs(around - np.median(around)))
        assert cfar(logit)[row, column] == pytest.approx((logit[row, column] - np.median(around)) / spread, rel=1e-4)
    places = np.array(Cfar(statistic='median')._ring_places()) - 20
    assert 80 < len(places) < 160
    assert set(map(tuple, places)) == set(map(tuple, -places))  # alike on all sides
    assert np.abs(places).max(axis=1).min() > 7


@pytest.mark.parametrize('shape', [(0, 5), (1, 1), (3, 50), (300, 200)])
def test_medians_of_any_size(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    logit = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    whole = Cfar(statistic='median')(logit)
    assert whole.shape == shape
    monkeypatch.setattr('mmirstd.false_alarms.cfar._BLOCK', 1)  # row by row
    np.testing.assert_array_equal(Cfar(statistic='median')(logit), whole)


def test_a_neighbor_does_not_hide_a_target_from_the_median() -> None:
    logit = np.full((80, 80), -20, np.float32) + np.random.default_rng(4).normal(0, 1, (80, 80)).astype(np.float32)
    logit[39:42, 30:33] = logit[37:44, 44:51] = 30  # 14 pixels apart: each is in the other's ring
    mean, median = (Cfar(statistic=name)(logit)[40, 31] for name in ('mean', 'median'))
    assert median > 40 > 10 > mean


def test_an_unknown_statistic() -> None:
    with pytest.raises(ValueError, match="statistic 'mode'; expected one of mean, median"):
        Cfar(statistic='mode')


@pytest.mark.parametrize('bad', [dict(guard=4), dict(ring=40), dict(guard=41), dict(floor=0), dict(guard=-1)])
def test_bad_options(bad: dict) -> None:
    with pytest.raises(ValueError, match='odd sides'):
        Cfar(**bad)
