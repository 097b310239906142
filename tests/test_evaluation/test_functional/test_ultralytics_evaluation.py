"""Measures of boxes against Ultralytics' own code, whose figures are in tests/data/golden/ultralytics_boxes.json."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.evaluation.functional import CocoEvaluation
from mmirstd.evaluation.functional.box_protocols import BOX_PROTOCOLS, summarize_boxes
from mmirstd.evaluation.functional.frame_detections import FrameDetections
from mmirstd.evaluation.functional.ultralytics_evaluation import area_under_curve, ultralytics_measures
from tests.shared import DATA

CASES = json.loads((DATA / 'golden' / 'ultralytics_boxes.json').read_text())['cases']


def frame(number: int, targets, target_labels, boxes, scores, labels, ignored=None) -> FrameDetections:
    return FrameDetections(
        number,
        'a',
        (96, 96),
        np.array(targets, float).reshape(-1, 4),
        np.array(target_labels, int),
        np.zeros(len(targets), bool) if ignored is None else np.array(ignored),
        np.full(len(targets), math.nan),
        np.array(boxes, float).reshape(-1, 4),
        np.array(scores, float),
        np.array(labels, int),
    )


@pytest.mark.parametrize('protocol', ['ultralytics', 'ultralytics-8.4.37'])
@pytest.mark.parametrize('case', CASES, ids=lambda case: f'{case["classes"]}-{len(case["frames"])}')
def test_equal_to_ultralytics(case: dict, protocol: str) -> None:
    frames = [frame(k, **entry) for k, entry in enumerate(case['frames'])]
    measures = summarize_boxes(CocoEvaluation(frames, case['classes']), protocol)
    assert measures == pytest.approx(case['figures'][protocol], abs=1e-12)


def test_the_line_to_the_end_is_what_a_recall_of_nobody_adds() -> None:
    """Half of the targets found, nothing false: the area is 0.5, with the line 0.75."""
    recall, precision = np.array([0.25, 0.5]), np.array([1.0, 1.0])
    assert area_under_curve(recall, precision, to_the_end=True) == pytest.approx(0.75)
    assert area_under_curve(recall, precision, to_the_end=False) == pytest.approx(0.5, abs=0.0051)


def test_no_target_no_measure() -> None:
    measures = ultralytics_measures([frame(0, [], [], [[1, 1, 5, 5]], [0.9], [0])])
    assert all(math.isnan(value) for value in measures.values())


def test_nothing_detected() -> None:
    assert set(ultralytics_measures([frame(0, [[1, 1, 5, 5]], [0], [], [], [])]).values()) == {0.0}


def test_an_ignored_target_is_none() -> None:
    box = [1.0, 1, 6, 6]
    found = frame(0, [box], [0], [box], [0.9], [0])
    ignored = frame(1, [box], [0], [box], [0.95], [0], ignored=[True])
    assert ultralytics_measures([found])['precision'] == 1
    assert ultralytics_measures([found, ignored])['precision'] < 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(list(BOX_PROTOCOLS)))
def test_order_of_frames_and_range(seed: int, protocol: str) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.permutation(np.linspace(0.05, 0.95, 40))  # all different
    frames = []
    for number in range(8):
        corner = rng.uniform(0, 60, (5, 2))
        boxes = np.concatenate([corner, corner + rng.uniform(3, 12, (5, 2))], axis=1)
        frames.append(
            frame(
                number,
                boxes[:2],
                [0, 0],
                boxes + rng.normal(0, 1, (5, 4)) * [1, 1, 0, 0],
                scores[5 * number :][:5],
                [0] * 5,
            )
        )
    measures = summarize_boxes(CocoEvaluation(frames), protocol)
    assert all(0 <= value <= 1 for value in measures.values())
    assert summarize_boxes(CocoEvaluation(frames[::-1]), protocol) == pytest.approx(measures, abs=1e-12)
