from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmirstd.datasets.box_checks import could_be_corners, look_like_corners, looks_normalized

SIZE = 200, 300

side = st.integers(2, 20)
boxes = st.lists(st.tuples(st.integers(0, 270), st.integers(0, 170), side, side), min_size=1, max_size=20)


@given(boxes=boxes)
def test_boxes_in_pixels_are_not_taken_for_shares_nor_corners(boxes):
    assert not looks_normalized(boxes)
    assert not look_like_corners(boxes, [None] * len(boxes), [SIZE] * len(boxes))
    assert not look_like_corners(boxes, [w * h for _, _, w, h in boxes], [SIZE] * len(boxes))


@given(boxes=boxes)
def test_shares_of_the_size_are_recognized(boxes):
    assert looks_normalized(np.array(boxes) / (*SIZE[::-1], *SIZE[::-1]))


@given(boxes=boxes)
def test_corners_are_recognized_by_their_area_or_where_sides_would_reach_outside(boxes):
    corners = [(x, y, x + w, y + h) for x, y, w, h in boxes]
    areas = [w * h for _, _, w, h in boxes]
    if not any((x + w) * (y + h) == w * h for x, y, w, h in boxes):
        assert look_like_corners(corners, areas, [SIZE] * len(boxes))
    outside = any(2 * x + w > SIZE[1] or 2 * y + h > SIZE[0] for x, y, w, h in boxes)
    assert look_like_corners(corners, [None] * len(boxes), [SIZE] * len(boxes)) == outside
    assert not look_like_corners(corners, [None] * len(boxes), [None] * len(boxes))


def test_a_target_in_the_corner_proves_nothing():
    assert not looks_normalized([[0, 0, 1, 1]])
    assert could_be_corners([[0, 0, 6, 6]])
    assert not look_like_corners([[0, 0, 6, 6]], [36], [SIZE])
    assert not could_be_corners([])
    assert not looks_normalized([])
