from __future__ import annotations

import numpy as np

from mmirstd.evaluation.box_maps import box_maps


def test_boxes_are_filled_up_to_their_edges() -> None:
    boxes = np.array([[2, 1, 5, 3], [4, 1, 6, 2], [-3, -3, 1, 1], [7.2, 5.1, 7.4, 5.3], [50, 50, 60, 60]], np.float32)
    probability, mask = box_maps(boxes, np.array([0.5, 0.25, 0.75, 1, 1]), [dict(bbox=[2, 1, 5, 3])], (6, 8))
    expected = np.zeros((6, 8), np.float32)
    expected[1:3, 2:5] = 0.5
    expected[1, 5] = 0.25  # the higher score stays where boxes overlap
    expected[0, 0] = 0.75  # cut at the border
    expected[5, 7] = 1  # smaller than a pixel
    assert np.array_equal(probability, expected)
    assert np.array_equal(mask, expected == 0.5)


def test_nothing_is_drawn_at_ignored_targets() -> None:
    instances = [dict(bbox=[0, 0, 4, 4], ignore_flag=1), dict(bbox=[6, 0, 8, 2])]
    probability, mask = box_maps(np.array([[1, 1, 3, 3], [6, 0, 8, 2.0]]), np.array([0.9, 0.5]), instances, (4, 8))
    assert mask.sum() == 4
    assert np.array_equal(probability, mask * np.float32(0.5))


def test_empty() -> None:
    probability, mask = box_maps(np.zeros((0, 4)), np.zeros(0), [], (3, 4))
    assert probability.shape == mask.shape == (3, 4)
    assert not probability.any()
    assert not mask.any()
