"""Which class the detections of targets have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .box_pd_fa import box_centers, match_frame
from .frame_detections import FrameDetections


def class_confusion(
    frame: FrameDetections, num_classes: int, score_threshold: float = 0.5, max_distance: float = 3.0
) -> NDArray[np.int64]:
    """Targets of one frame by their class and by that of their detection.

    Targets and detections are matched by their centers whatever the class, so that all sums are those of
    :func:`~.box_pd_fa.count_frame`.  A target that has boxes of several classes within the distance has the class of
    the highest score.

    Args:
        frame: The frame.
        num_classes: Number of classes, C.
        score_threshold: Detections with at least this score count.
        max_distance: See :func:`~.box_pd_fa.match_centers`.

    Returns:
        (C + 1, C + 1): a row is the class of targets, the last one no target (false detections); a column is the class
        of their detections, the last one none (missed targets).
    """
    kept = frame.scores >= score_threshold
    boxes, scores, matched, false = match_frame(frame, score_threshold, max_distance)
    labels = frame.labels[kept]
    targets, target_labels = frame.targets[~frame.ignored], frame.target_labels[~frame.ignored]
    distances = np.linalg.norm(box_centers(targets)[:, None] - box_centers(boxes)[None], axis=-1)
    false = false.copy()
    counts = np.zeros((num_classes + 1, num_classes + 1), np.int64)
    for target, nearest in enumerate(matched):
        if nearest < 0:
            counts[target_labels[target], -1] += 1
            continue
        free = np.flatnonzero(false & (distances[target] < max_distance) & (scores > scores[nearest]))
        chosen = free[scores[free].argmax()] if len(free) else nearest
        false[nearest], false[chosen] = True, False
        counts[target_labels[target], labels[chosen]] += 1
    counts[-1, :-1] = np.bincount(labels[false], minlength=num_classes)
    return counts
