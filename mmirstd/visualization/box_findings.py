"""What became of each annotated box and each detection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmirstd.evaluation.functional.box_pd_fa import match_centers


@dataclass(frozen=True)
class BoxFinding:
    """One target or detection and what became of it.

    Attributes:
        status: 'detected' | 'missed' | 'false alarm', or 'predicted' when there is no ground truth.
        target: The annotated box, None for a false alarm.
        box: The detection, None for a missed target.
        score: The detection's, None for a missed target.
        distance: Pixels between the centers, None if unmatched.
        number: Of the detection in result files (the target's ``id``); None where there is ground truth.
        class_name: Of the detection; None where there is one class, or no detection.
        target_class: Of the target; None where there is one class, or no target.
    """

    status: str
    target: tuple[float, float, float, float] | None
    box: tuple[float, float, float, float] | None
    score: float | None = None
    distance: float | None = None
    number: int | None = None
    class_name: str | None = None
    target_class: str | None = None

    @property
    def classes(self) -> tuple[str | None, str | None]:
        """Of the target and of the detection."""
        return self.target_class, self.class_name

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """The box around target and detection."""
        boxes = np.array([box for box in (self.target, self.box) if box is not None])
        return (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())


def find_detections(
    targets: np.ndarray | None,
    boxes: np.ndarray,
    scores: np.ndarray,
    threshold: float = 0.5,
    max_distance: float = 3.0,
    ignored: np.ndarray | None = None,
    class_names: Sequence[str | None] | None = None,
    target_classes: Sequence[str | None] | None = None,
) -> list[BoxFinding]:
    """Say of each target and each detection what became of it, by the rule behind Pd and Fa.

    The rule is :func:`~mmirstd.evaluation.functional.count_frame`'s: centers less than ``max_distance`` apart, nearest
    pair first, one to one; detections whose center lies in an ignored box are left out.

    Args:
        targets: (N, 4) annotated boxes, or None when they are not known.
        boxes: (M, 4) detections.
        scores: (M,) in [0, 1].
        threshold: Detections with at least this score count.
        max_distance: Pixels, exclusive.
        ignored: (N,) bool, targets that need not be found.
        class_names: (M,) of the detections; None: there is one class.
        target_classes: (N,) of the targets, likewise.

    Returns:
        The targets in the order given, then the other detections by falling score.

    Raises:
        ValueError: Arrays of other shapes.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    scores = np.asarray(scores, np.float64).reshape(-1)
    if len(boxes) != len(scores):
        raise ValueError(f'{len(boxes)} boxes and {len(scores)} scores; expected one score for each box')
    if class_names is not None and len(class_names) != len(boxes):
        raise ValueError(f'{len(boxes)} boxes and {len(class_names)} classes; expected one class for each box')
    kept = np.flatnonzero(scores >= threshold)
    kept = kept[np.argsort(-scores[kept], kind='stable')]
    boxes, scores = boxes[kept], scores[kept]
    names: list[str | None] = [None if class_names is None else class_names[index] for index in kept]
    if targets is None:
        return [
            BoxFinding('predicted', None, _plain(box), float(score), number=number, class_name=name)
            for number, (box, score, name) in enumerate(zip(boxes, scores, names))
        ]
    targets = np.asarray(targets, np.float64).reshape(-1, 4)
    ignored = np.zeros(len(targets), bool) if ignored is None else np.asarray(ignored, bool).reshape(-1)
    if len(ignored) != len(targets):
        raise ValueError(f'{len(targets)} targets and {len(ignored)} flags; expected one flag for each target')
    if target_classes is not None and len(target_classes) != len(targets):
        raise ValueError(f'{len(targets)} targets and {len(target_classes)} classes; expected one for each target')
    true = [None if target_classes is None else target_classes[index] for index in np.flatnonzero(~ignored)]
    regions, targets = targets[ignored], targets[~ignored]
    matched = match_centers(targets, boxes, scores, max_distance)
    findings = []
    for target, target_class, index in zip(targets, true, matched):
        if index < 0:
            findings.append(BoxFinding('missed', _plain(target), None, target_class=target_class))
            continue
        distance = float(np.hypot(*(_center(target) - _center(boxes[index]))))
        findings.append(
            BoxFinding(
                'detected',
                _plain(target),
                _plain(boxes[index]),
                float(scores[index]),
                distance,
                class_name=names[index],
                target_class=target_class,
            )
        )
    for index in sorted(set(range(len(boxes))) - set(matched.tolist())):
        center = _center(boxes[index])
        if not any((center >= region[:2]).all() and (center <= region[2:]).all() for region in regions):
            box, score = _plain(boxes[index]), float(scores[index])
            findings.append(BoxFinding('false alarm', None, box, score, class_name=names[index]))
    return findings


def _plain(box: np.ndarray) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return x1, y1, x2, y2


def _center(box: np.ndarray) -> np.ndarray:
    return (np.asarray(box[:2]) + np.asarray(box[2:])) / 2
