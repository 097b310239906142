"""Precision, recall, F1 and average precision of boxes as Ultralytics' validation computes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.box_overlap import box_overlaps

from .frame_detections import FrameDetections
from .pixels import NAN

#: IoU from which a detection is right, as in COCO.
IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
#: Scores at which precision and recall are read, recall points of the area, and the share of the scores over which F1
#: is averaged before its greatest value is taken.
SCORE_GRID, RECALL_GRID, SMOOTHED = 1000, 101, 0.1
#: Detections of a frame that count, and the score that they must reach.
MOST_DETECTIONS, LEAST_SCORE = 300, 0.001

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def ultralytics_measures(
    frames: Sequence[FrameDetections], num_classes: int = 1, to_the_end: bool = True
) -> dict[str, float]:
    """``mAP`` (IoU .5 to .95), ``mAP50``, ``mAP75``, ``precision``, ``recall``, ``F1`` of all frames together.

    What differs from pycocotools, and so between papers (source: Ultralytics 8.0 to 8.4, ``utils/metrics.py`` and the
    detection validator; equal to them in tests):

    - Pairs of a detection and a target are taken by their IoU, the greatest first; in pycocotools the detection with
      the highest score chooses first.
    - Average precision is the trapezoidal area under the interpolated curve.  Until release 8.4.36 that falls in a
      straight line from the last detection to the point (1, 0), so that a recall nobody reached adds to it; from 8.4.37
      on it falls at once.  pycocotools takes the mean of 101 steps, 0 where no detection reaches.
    - ``precision``, ``recall`` and ``F1`` are read at one score, where F1 at IoU .5, averaged over a tenth of the
      scores (and over the classes), is greatest.  So the score is chosen on the tested frames.

    An ignored target is no target, and a detection there is false: Ultralytics' labels have none.

    Args:
        frames: The frames; all count, also those without a target.
        num_classes: Number of classes; the means are over those that have targets.
        to_the_end: The straight line of the releases until 8.4.36.

    Returns:
        NaN without any target.
    """
    scores, labels, right = [], [], []
    targets = np.zeros(num_classes, np.int64)
    for frame in frames:
        kept = ~frame.ignored
        targets += np.bincount(frame.target_labels[kept], minlength=num_classes)[:num_classes]
        order = np.argsort(-frame.scores, kind='stable')
        order = order[frame.scores[order] > LEAST_SCORE][:MOST_DETECTIONS]
        scores.append(frame.scores[order])
        labels.append(frame.labels[order])
        right.append(right_detections(frame.boxes[order], labels[-1], frame.targets[kept], frame.target_labels[kept]))
    names = ('mAP', 'mAP50', 'mAP75', 'precision', 'recall', 'F1')
    present = np.flatnonzero(targets)
    if not len(present):
        return dict.fromkeys(names, NAN)
    score, label, correct = np.concatenate(scores), np.concatenate(labels), np.concatenate(right)
    order = np.argsort(-score)
    score, label, correct = score[order], label[order], correct[order]
    grid = np.linspace(0, 1, SCORE_GRID)
    average = np.zeros((len(present), len(IOU_THRESHOLDS)))
    precisions, recalls = np.zeros((2, len(present), SCORE_GRID))
    for row, number in enumerate(present):
        mine = label == number
        if not mine.any():
            continue
        true = np.cumsum(correct[mine], axis=0)
        precision = true / np.arange(1, mine.sum() + 1)[:, None]
        recall = true / targets[number]
        # Scores fall, and np.interp wants them to rise.
        recalls[row] = np.interp(-grid, -score[mine], recall[:, 0], left=0)
        precisions[row] = np.interp(-grid, -score[mine], precision[:, 0], left=1)
        average[row] = [area_under_curve(recall[:, k], precision[:, k], to_the_end) for k in range(len(IOU_THRESHOLDS))]
    total = precisions + recalls
    f1 = 2 * precisions * recalls / np.where(total, total, 1)
    best = int(_smoothed(f1.mean(axis=0)).argmax())
    return dict(
        mAP=float(average.mean()),
        mAP50=float(average[:, 0].mean()),
        mAP75=float(average[:, 5].mean()),
        precision=float(precisions[:, best].mean()),
        recall=float(recalls[:, best].mean()),
        F1=float(f1[:, best].mean()),
    )


def right_detections(
    boxes: Floats, labels: NDArray[np.int64], targets: Floats, target_labels: NDArray[np.int64]
) -> Bools:
    """Which detections of a frame have a target, at each of the ten IoU thresholds.

    Args:
        boxes: (M, 4) x1, y1, x2, y2.
        labels: (M,)
        targets: (N, 4)
        target_labels: (N,)

    Returns:
        (M, 10)
    """
    right = np.zeros((len(boxes), len(IOU_THRESHOLDS)), bool)
    overlap = box_overlaps(targets, boxes) * (target_labels[:, None] == labels)
    for column, threshold in enumerate(IOU_THRESHOLDS):
        pairs = np.argwhere(overlap >= threshold)
        pairs = pairs[np.argsort(overlap[pairs[:, 0], pairs[:, 1]])[::-1]]
        # Of each detection its best target, then of each target the first detection that is left.
        for side in (1, 0):
            pairs = pairs[np.unique(pairs[:, side], return_index=True)[1]]
        right[pairs[:, 1], column] = True
    return right


def area_under_curve(recall: Floats, precision: Floats, to_the_end: bool = True) -> float:
    """The area under a curve of precision over recall, points in the order of falling scores.

    Args:
        recall: (M,), M at least 1.
        precision: (M,)
        to_the_end: As of :func:`ultralytics_measures`.
    """
    end = [1.0] if to_the_end else [recall[-1], 1.0]
    reached = np.concatenate(([0.0], recall, end))
    # The greatest precision at this recall or a higher one.
    falling = np.maximum.accumulate(np.concatenate(([1.0], precision, np.zeros(len(end))))[::-1])[::-1]
    x = np.linspace(0, 1, RECALL_GRID)
    y = np.interp(x, reached, falling)
    return float(((y[1:] + y[:-1]) / 2 * np.diff(x)).sum())


def _smoothed(curve: Floats) -> Floats:
    """The running mean, the first and the last value repeated beyond the ends."""
    width = round(len(curve) * SMOOTHED * 2) // 2 + 1
    padded = np.pad(curve, width // 2, mode='edge')
    return np.convolve(padded, np.full(width, 1 / width), mode='valid')
