"""What became of each box must be told as the metric tells it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.evaluation.functional import FrameDetections
from mmirstd.evaluation.functional.box_pd_fa import count_frame
from mmirstd.visualization import find_detections


def test_findings(frame):
    _, targets, boxes, scores = frame
    missed, detected, false = find_detections(targets, boxes, scores)
    assert (missed.status, missed.target, missed.box, missed.score) == ('missed', (60, 40, 63, 41), None, None)
    assert (detected.status, detected.box, detected.score) == ('detected', (21, 10, 24, 12), 0.9)
    assert detected.distance == pytest.approx(np.hypot(1, 0.5))
    assert detected.extent == (20, 10, 24, 12)
    assert (false.status, false.target, false.box) == ('false alarm', None, (5, 50, 9, 54))


def test_without_ground_truth_nothing_is_right_or_wrong(frame):
    _, _, boxes, scores = frame
    found = find_detections(None, boxes, scores, threshold=0.0)
    assert [f.status for f in found] == ['predicted'] * 3
    assert [f.score for f in found] == [0.9, 0.6, 0.4]


def test_classes_of_target_and_detection(frame):
    _, targets, boxes, scores = frame
    names = [str(score) for score in scores]
    found = find_detections(None, boxes, scores, class_names=names)
    assert [f.class_name for f in found] == [str(f.score) for f in found]
    missed, detected, false = find_detections(
        targets, boxes, scores, class_names=names, target_classes=['drone', 'bird']
    )
    assert missed.classes == ('drone', None)
    assert detected.classes == ('bird', str(detected.score))
    assert false.classes == (None, str(false.score))
    _, detected, _ = find_detections(
        np.vstack([[0, 0, 4, 4], targets]),
        boxes,
        scores,
        ignored=np.array([True, False, False]),
        class_names=names,
        target_classes=['plane', 'drone', 'bird'],
    )
    assert detected.target_class == 'bird'
    with pytest.raises(ValueError, match='3 boxes and 1 classes'):
        find_detections(targets, boxes, scores, class_names=['bird'])
    with pytest.raises(ValueError, match='2 targets and 1 classes'):
        find_detections(targets, boxes, scores, target_classes=['bird'])


def test_ignored_targets_are_neither_missed_nor_false(frame):
    _, targets, boxes, scores = frame
    targets = np.vstack([targets, [4, 49, 10, 55]])
    statuses = [f.status for f in find_detections(targets, boxes, scores, ignored=np.array([True, False, True]))]
    assert statuses == ['detected']


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 5), st.integers(0, 7), st.floats(0, 1), st.floats(0.5, 20))
def test_counts_are_the_metrics(seed, number, detections, threshold, distance):
    rng = np.random.default_rng(seed)

    def boxes(n):
        corner = rng.integers(0, 40, (n, 2))
        return np.hstack([corner, corner + rng.integers(1, 12, (n, 2))]).astype(float)

    targets, found, scores = boxes(number), boxes(detections), rng.random(detections).round(1)
    ignored = rng.random(number) < 0.3
    findings = find_detections(targets, found, scores, threshold, distance, ignored)
    expected = count_frame(
        FrameDetections(
            image=0,
            sequence='',
            shape=(64, 64),
            targets=targets,
            target_labels=np.zeros(number, int),
            ignored=ignored,
            scr=np.full(number, np.nan),
            boxes=found,
            scores=scores,
            labels=np.zeros(detections, int),
        ),
        threshold,
        distance,
    )
    statuses = [f.status for f in findings]
    assert statuses.count('detected') == expected['detected']
    assert statuses.count('missed') == expected['targets'] - expected['detected']
    assert statuses.count('false alarm') == expected['false']


def test_one_score_a_box():
    with pytest.raises(ValueError, match='2 boxes and 1 scores'):
        find_detections(None, np.zeros((2, 4)), np.zeros(1))
    with pytest.raises(ValueError, match='1 targets and 2 flags'):
        find_detections(np.zeros((1, 4)), np.zeros((0, 4)), np.zeros(0), ignored=np.zeros(2, bool))
