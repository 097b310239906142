from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.apis import measure_boxes, measure_targets
from mmirstd.evaluation.functional import label_components, target_scr


def test_a_target_is_measured_by_hand() -> None:
    probability = np.zeros((20, 30), np.float32)
    probability[4, 10:12] = (0.6, 0.9)
    probability[5, 11] = 0.75
    gray = np.full((20, 30), 10.0)
    gray[::2] = 12.0
    gray[4, 10:12] = gray[5, 11] = 20.0
    (target,), mask = measure_targets(probability, 0.5, gray=gray, frame=7)
    total = 0.6 + 0.9 + 0.75
    assert target.x == pytest.approx((10 * 0.6 + 11 * 0.9 + 11 * 0.75) / total, abs=1e-6)
    assert target.y == pytest.approx((4 * 0.6 + 4 * 0.9 + 5 * 0.75) / total, abs=1e-6)
    assert (target.x0, target.y0, target.x1, target.y1) == (10, 4, 12, 6)
    assert (target.frame, target.id, target.area) == (7, 0, 3)
    assert target.peak == pytest.approx(0.9)
    assert target.mean == pytest.approx(total / 3)
    near = np.zeros_like(mask)  # four pixels around each of the target's
    near[0:9, 6:16] = near[1:10, 7:16] = True
    ring = gray[~near]
    assert target.scr == pytest.approx((20 - ring.mean()) / ring.std())
    assert mask.sum() == 3


def test_threshold_is_strict_and_small_components_are_background() -> None:
    probability = np.zeros((16, 16), np.float32)
    probability[2, 2] = 0.5  # not above 0.5
    probability[5, 5] = 0.8  # one pixel
    probability[9:11, 9:11] = 0.9
    targets, mask = measure_targets(probability, 0.5)
    assert [(t.x, t.y) for t in targets] == [(5, 5), (9.5, 9.5)]
    (target,), mask = measure_targets(probability, 0.5, min_area=2)
    assert (target.x, target.id, mask.sum()) == (9.5, 0, 4)


def test_nothing_found_and_flat_surroundings() -> None:
    assert measure_targets(np.zeros((3, 3), np.float32))[0] == []
    (target,), _ = measure_targets(np.ones((3, 3), np.float32), gray=np.ones((3, 3)))
    assert target.scr is None  # no ring
    assert (target.x, target.y, target.area) == (1, 1, 9)


@pytest.mark.parametrize('bad', [dict(threshold=1.0), dict(threshold=-0.1), dict(min_area=0)])
def test_bad_options(bad: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        measure_targets(np.zeros((3, 3), np.float32), **bad)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), height=st.integers(1, 24), width=st.integers(1, 24))
def test_what_holds_for_any_map(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    probability = (rng.random((height, width)) ** 3).astype(np.float32)
    gray = rng.integers(0, 65536, (height, width)).astype(np.uint16)
    targets, mask = measure_targets(probability, 0.5, gray=gray)
    components = label_components(probability > 0.5)
    assert len(targets) == len(components)
    assert sum(t.area for t in targets) == mask.sum()
    for target, scr in zip(targets, target_scr(gray, components)):
        assert target.x0 <= target.x + 0.5 <= target.x1
        assert target.y0 <= target.y + 0.5 <= target.y1
        assert 0.5 < target.mean <= target.peak <= 1
        assert (target.scr is None) == np.isnan(scr)


def test_boxes_by_score_with_the_center_in_pixel_coordinates() -> None:
    gray = np.random.default_rng(0).normal(50, 2, (40, 40))
    gray[10:13, 20:23] += 100
    low, high = [0.0, 0.0, 2.0, 2.0], [20.0, 10.0, 23.0, 13.0]
    first, second = measure_boxes(np.array([low, high]), np.array([0.3, 0.8]), gray, frame=2)
    assert (first.x, first.y, first.area, first.peak, first.id, first.frame) == (21, 11, 9, 0.8, 0, 2)
    assert first.mean is None
    mask = np.zeros((40, 40), bool)
    mask[10:13, 20:23] = mask[0:2, 0:2] = True
    assert first.scr == pytest.approx(target_scr(gray, label_components(mask))[1])
    assert second.id == 1


def test_boxes_smaller_than_a_pixel_outside_or_on_top_of_each_other() -> None:
    gray = np.random.default_rng(0).normal(50, 2, (20, 20))
    boxes = np.array([[5.1, 5.1, 5.3, 5.3], [19.9, 19.9, 20.0, 20.0], [5.1, 5.1, 5.3, 5.3]])
    targets = measure_boxes(boxes, np.array([0.9, 0.8, 0.7]), gray)
    assert [t.scr is not None for t in targets] == [True, True, False]  # the third has no pixel of its own
    assert measure_boxes(np.zeros((0, 4)), np.zeros(0), gray) == []
