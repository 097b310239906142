from __future__ import annotations

import numpy as np

from mmirstd.tracking.class_votes import class_votes

BOX = (10.0, 10.0, 14.0, 14.0)
HALF = (11.0, 10.0, 15.0, 14.0)  # IoU 0.6
FAR = (13.0, 10.0, 17.0, 14.0)  # IoU 0.14


def votes(*found: tuple[tuple[float, ...], float, str]) -> tuple[list[int], list[dict[str, float]]]:
    boxes, scores, classes = zip(*found)
    kept, given = class_votes(np.array(boxes), np.array(scores), classes)
    return kept.tolist(), given


def test_boxes_of_two_classes_that_overlap_are_one_target() -> None:
    assert votes((BOX, 0.4, 'bird'), (HALF, 0.6, 'drone')) == ([1], [{'drone': 0.6, 'bird': 0.4}])
    assert votes((BOX, 0.4, 'bird'), (FAR, 0.6, 'drone')) == ([0, 1], [{'bird': 0.4}, {'drone': 0.6}])


def test_boxes_of_one_class_are_as_the_detector_left_them() -> None:
    assert votes((BOX, 0.4, 'bird'), (HALF, 0.6, 'bird')) == ([0, 1], [{'bird': 0.4}, {'bird': 0.6}])


def test_a_class_votes_once_for_a_target_by_its_highest_score() -> None:
    found = votes((BOX, 0.9, 'drone'), (BOX, 0.3, 'bird'), (HALF, 0.5, 'bird'), (BOX, 0.1, 'plane'))
    assert found == ([0], [{'drone': 0.9, 'bird': 0.5, 'plane': 0.1}])


def test_a_box_between_two_targets_votes_for_the_one_that_it_overlaps_more() -> None:
    beside = (12.5, 10.0, 16.5, 14.0)
    between = (11.5, 10.0, 15.5, 14.0)  # IoU 0.45 and 0.6
    assert votes((BOX, 0.9, 'drone'), (beside, 0.8, 'drone'), (between, 0.7, 'bird')) == (
        [0, 1],
        [{'drone': 0.9}, {'drone': 0.8, 'bird': 0.7}],
    )


def test_no_detection() -> None:
    kept, given = class_votes(np.empty((0, 4)), np.empty(0), [])
    assert (kept.tolist(), given) == ([], [])
