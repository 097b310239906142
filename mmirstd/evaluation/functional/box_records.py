"""What happened to each annotated box and to each false alarm of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .box_pd_fa import box_centers, match_frame
from .frame_detections import FrameDetections


def box_records(
    frame: FrameDetections, score_threshold: float = 0.5, max_distance: float = 3.0, classes: Sequence[str] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Records of one frame's targets and false alarms, as :func:`~.image_records.image_records` makes them of a mask.

    Args:
        frame: The frame.
        score_threshold: Detections with at least this score count.
        max_distance: See :func:`~.box_pd_fa.match_centers`.
        classes: Names, where the detector tells several apart.

    Returns:
        ``targets`` (ignored ones are left out): id, row, col (center; the first pixel's is 0, 0), area in pixels, box
        (x1, y1, x2, y2), matched, distance (of the centers, None when missed), nearest (to the center of any detection,
        None without any), score and iou (of its detection, None when missed), scr (None when not known).
        ``false_alarms``: row, col, area, score, box.
        With ``classes`` also class_name, and of targets found_as: that of its detection, None when missed.
    """
    targets, scr = frame.targets[~frame.ignored], frame.scr[~frame.ignored]
    boxes, scores, matched, false = match_frame(frame, score_threshold, max_distance)
    labels, target_labels = frame.labels[frame.scores >= score_threshold], frame.target_labels[~frame.ignored]
    rows = []
    for index, target in enumerate(targets):
        delta = box_centers(boxes) - box_centers(target[None])
        distances = np.sqrt((delta * delta).sum(axis=1))
        found = int(matched[index])
        rows.append(
            dict(
                id=index,
                **_place(target),
                matched=found >= 0,
                distance=float(distances[found]) if found >= 0 else None,
                nearest=float(distances.min()) if len(distances) else None,
                score=float(scores[found]) if found >= 0 else None,
                iou=_iou(target, boxes[found]) if found >= 0 else None,
                scr=float(scr[index]) if np.isfinite(scr[index]) else None,
            )
        )
        if classes:
            rows[-1]['class_name'] = classes[target_labels[index]]
            rows[-1]['found_as'] = classes[labels[found]] if found >= 0 else None
    alarms = [
        dict(
            **_place(boxes[index]),
            score=float(scores[index]),
            **(dict(class_name=classes[labels[index]]) if classes else {}),
        )
        for index in np.flatnonzero(false)
    ]
    return dict(targets=rows, false_alarms=alarms)


def _place(box: NDArray[Any]) -> dict[str, Any]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return dict(row=(y1 + y2 - 1) / 2, col=(x1 + x2 - 1) / 2, area=(x2 - x1) * (y2 - y1), box=[x1, y1, x2, y2])


def _iou(one: NDArray[Any], other: NDArray[Any]) -> float:
    sides = np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0)
    inside = float(sides.prod())
    union = float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()) - inside
    return inside / union if union > 0 else 0.0
