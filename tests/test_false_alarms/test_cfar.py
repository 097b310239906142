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


@pytest.mark.parametrize('bad', [dict(guard=4), dict(ring=40), dict(guard=41), dict(floor=0), dict(guard=-1)])
def test_bad_options(bad: dict) -> None:
    with pytest.raises(ValueError, match='odd sides'):
        Cfar(**bad)
