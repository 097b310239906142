from __future__ import annotations

import numpy as np

from mmirstd.evaluation.functional import FrameDetections, count_frame
from mmirstd.evaluation.functional.class_confusion import class_confusion


def box(x: float, y: float) -> list[float]:
    return [x, y, x + 4, y + 4]


def frame(targets: list[tuple], found: list[tuple]) -> FrameDetections:
    """Targets (x, y, label, ignored) and detections (x, y, label, score)."""
    return FrameDetections(
        image='a',
        sequence='',
        shape=(64, 64),
        targets=np.array([box(*row[:2]) for row in targets], float).reshape(-1, 4),
        target_labels=np.array([row[2] for row in targets], np.int64),
        ignored=np.array([row[3] for row in targets], bool),
        scr=np.full(len(targets), np.nan),
        boxes=np.array([box(*row[:2]) for row in found], float).reshape(-1, 4),
        scores=np.array([row[3] for row in found], float),
        labels=np.array([row[2] for row in found], np.int64),
    )


def test_rows_are_targets_and_columns_their_detections() -> None:
    given = frame(
        [(10, 10, 0, False), (30, 10, 1, False), (50, 10, 1, False), (10, 40, 0, True)],
        [(10, 11, 0, 0.9), (30, 10, 0, 0.8), (40, 40, 1, 0.7), (10, 40, 1, 0.9), (50, 10, 1, 0.3)],
    )
    assert class_confusion(given, 2).tolist() == [[1, 0, 0], [1, 0, 1], [0, 1, 0]]
    assert class_confusion(given, 2, 0.2).tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 0]]


def test_of_two_boxes_on_a_target_the_higher_score_names_the_class() -> None:
    given = frame([(10, 10, 1, False)], [(10, 10, 0, 0.6), (11, 10, 1, 0.9), (10, 11, 0, 0.7)])
    counts = class_confusion(given, 2)
    assert counts.tolist() == [[0, 0, 0], [0, 1, 0], [2, 0, 0]]


def test_the_detection_of_another_target_is_not_taken() -> None:
    given = frame([(10, 10, 1, False), (12, 10, 0, False)], [(10, 10, 1, 0.6), (12, 10, 0, 0.9)])
    assert class_confusion(given, 2).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_sums_are_those_of_the_counts_whatever_the_class() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        targets = [(*rng.uniform(0, 50, 2), rng.integers(3), rng.random() < 0.2) for _ in range(rng.integers(6))]
        found = [(*rng.uniform(0, 50, 2), rng.integers(3), rng.random()) for _ in range(rng.integers(12))]
        given = frame(targets, found)
        for threshold in (0.2, 0.6):
            counts, expected = class_confusion(given, 3, threshold, 8.0), count_frame(given, threshold, 8.0)
            assert counts[:-1].sum() == expected['targets']
            assert counts[:-1, :-1].sum() == expected['detected']
            assert counts[-1].sum() == expected['false']
