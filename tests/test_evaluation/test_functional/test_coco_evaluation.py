"""Frames are matched some at a time: the figures are the same, and their annotations do not stay in memory."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from mmirstd.evaluation.functional import CocoEvaluation, FrameDetections
from mmirstd.evaluation.functional import coco_evaluation as module


def frames(count: int, classes: int, boxes: int = 8) -> list[FrameDetections]:
    """Targets, some ignored, with detections near some of them and others anywhere."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(count):
        targets = rng.uniform(0, 90, (int(rng.integers(0, 4)), 2))
        found = np.concatenate([targets + rng.normal(0, 0.5, targets.shape), rng.uniform(0, 90, (boxes, 2))])
        made.append(
            FrameDetections(
                image=number,
                sequence=f'{number // 4}',
                shape=(100, 100),
                targets=np.hstack([targets, targets + 4]),
                target_labels=rng.integers(0, classes, len(targets)),
                ignored=rng.random(len(targets)) < 0.2,
                scr=np.ones(len(targets)),
                boxes=np.hstack([found, found + 4]),
                scores=rng.random(len(found)),
                labels=rng.integers(0, classes, len(found)),
            )
        )
    return made


@pytest.mark.parametrize('classes', [1, 3])
def test_figures_do_not_depend_on_how_many_are_matched_together(monkeypatch: pytest.MonkeyPatch, classes: int) -> None:
    given = frames(20, classes)
    whole = CocoEvaluation(given, classes)
    monkeypatch.setattr(module, '_AT_A_TIME', 7)
    parts = CocoEvaluation(given, classes)
    for chosen in (None, [0, 6, 7, 19], range(7, 14)):
        assert parts.summarize(chosen) == whole.summarize(chosen)
        np.testing.assert_array_equal(
            parts.precision_curve(chosen, classes - 1), whole.precision_curve(chosen, classes - 1)
        )
    assert 0 < whole.summarize()['mAP50'] < 1
    for index in range(len(given)):
        for label in range(classes):
            for one, other in zip(parts.matches(index, label), whole.matches(index, label), strict=True):
                np.testing.assert_array_equal(one, other)


def test_annotations_do_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, '_AT_A_TIME', 5)
    given = frames(20, 1)
    corners = {tuple(box[:2]) for frame in given for box in frame.boxes}
    evaluation = CocoEvaluation(given)
    gc.collect()
    found = [one['bbox'] for one in gc.get_objects() if isinstance(one, dict) and 'bbox' in one and 'image_id' in one]
    assert not [box for box in found if isinstance(box, list) and tuple(box[:2]) in corners]
    assert evaluation.summarize()['recall'] > 0
