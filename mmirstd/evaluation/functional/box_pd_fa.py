"""Pd and Fa of boxes: the target-level measures of infrared small target detection for detectors.

A target is detected when the center of a detection is near its center, however large the boxes are: for targets of a
few pixels the overlap of boxes says more about the annotator than about the detector.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .frame_detections import FrameDetections
from .pixels import NAN, ratio


def match_centers(
    targets: NDArray[Any], boxes: NDArray[Any], scores: NDArray[Any], max_distance: float
) -> NDArray[Any]:
    """One-to-one matching of centers, the nearest pair first, as :func:`~.matching.match_nearest` does for components.

    Args:
        targets: (N, 4).
        boxes: (M, 4).
        scores: (M,): among equally near detections the one with the higher score.
        max_distance: Centers must be nearer than this (strictly), in pixels.

    Returns:
        (N,) int64: the detection of each target, -1 for a missed one.
    """
    matched = np.full(len(targets), -1, np.int64)
    if not len(targets) or not len(boxes):
        return matched
    delta = box_centers(targets)[:, None] - box_centers(boxes)[None]
    distances = np.sqrt((delta * delta).sum(axis=-1))
    pairs = sorted(
        (float(distances[t, b]), -float(scores[b]), int(t), int(b))
        for t, b in zip(*np.nonzero(distances < max_distance))
    )
    taken: set[int] = set()
    for _, _, target, box in pairs:
        if matched[target] < 0 and box not in taken:
            matched[target] = box
            taken.add(box)
    return matched


def match_frame(
    frame: FrameDetections, score_threshold: float = 0.5, max_distance: float = 3.0
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
    """Which detections of a frame are targets and which are false, all classes alike.

    Args:
        frame: The frame.
        score_threshold: Detections with at least this score count.
        max_distance: See :func:`match_centers`.

    Returns:
        The M boxes that count, (M, 4), and their scores, (M,); the detection of each of the N targets that are not
        ignored, (N,), -1 for a missed one; which detections are of no target and not at an ignored one, (M,) bool.
    """
    kept = frame.scores >= score_threshold
    boxes, scores = frame.boxes[kept], frame.scores[kept]
    matched = match_centers(frame.targets[~frame.ignored], boxes, scores, max_distance)
    false = np.ones(len(boxes), bool)
    false[matched[matched >= 0]] = False
    centers = box_centers(boxes)
    for box in frame.targets[frame.ignored]:
        false &= ~((centers >= box[:2]) & (centers <= box[2:])).all(axis=1)
    return boxes, scores, matched, false


def count_frame(frame: FrameDetections, score_threshold: float = 0.5, max_distance: float = 3.0) -> dict[str, Any]:
    """Numbers of one frame, all classes alike.

    Args:
        frame: The frame.
        score_threshold: Detections with at least this score count.
        max_distance: See :func:`match_centers`.

    Returns:
        ``targets``, ``detected``, ``detections``, ``false`` (detections of no target), ``false_pixels`` (their area
        inside the image), ``pixels`` (of the image), ``hits`` ((N,) bool, per target that is not ignored) and ``scr``
        ((N,)).
    """
    real = ~frame.ignored
    boxes, _, matched, false = match_frame(frame, score_threshold, max_distance)
    height, width = frame.shape
    inside = np.clip(boxes[false].reshape(-1, 2, 2), 0, (width, height))
    area = np.prod(np.maximum(inside[:, 1] - inside[:, 0], 0), axis=1)
    return dict(
        targets=len(matched),
        detected=int((matched >= 0).sum()),
        detections=len(boxes),
        false=int(false.sum()),
        false_pixels=float(area.sum()),
        pixels=height * width,
        hits=matched >= 0,
        scr=frame.scr[real],
    )


def summarize_counts(counts: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Measures of many frames.

    Returns:
        ``Pd``: detected targets / targets (NaN without targets). ``Fa``: area of the false detections / pixels of all
        frames, and ``Fa_e6`` in units of 1e-6. ``false_per_frame``. ``target_precision``: detected targets / (detected
        targets + false detections). ``target_F1``. And the totals ``targets, detected, false, frames``.
    """
    total = {name: sum(item[name] for item in counts) for name in ('targets', 'detected', 'false', 'pixels')}
    area = math.fsum(item['false_pixels'] for item in counts)  # the same in whatever order frames come
    fa = ratio(area, total['pixels'])
    undefined = 0.0 if total['targets'] else NAN
    return dict(
        Pd=ratio(total['detected'], total['targets']),
        Fa=fa,
        Fa_e6=fa * 1e6,
        false_per_frame=ratio(total['false'], len(counts)),
        target_precision=ratio(total['detected'], total['detected'] + total['false'], undefined),
        target_F1=ratio(2 * total['detected'], total['targets'] + total['detected'] + total['false']),
        targets=total['targets'],
        detected=total['detected'],
        false=total['false'],
        frames=len(counts),
    )


def pd_by_scr(counts: Sequence[dict[str, Any]], edges: Sequence[float]) -> list[dict[str, float]]:
    """Pd of targets by signal-to-clutter ratio.

    Args:
        counts: Of :func:`count_frame`.
        edges: Ascending; bins are ``edges[k] <= scr < edges[k + 1]``. The last edge may be infinity.

    Returns:
        Per bin ``low, high, targets, detected, Pd`` (NaN without targets); targets outside of all bins and those
        without a known SCR are left out.
    """
    scr = np.concatenate([np.asarray(item['scr'], np.float64) for item in counts] or [np.zeros(0)])
    hits = np.concatenate([np.asarray(item['hits'], bool) for item in counts] or [np.zeros(0, bool)])
    rows = []
    for low, high in zip(edges, edges[1:]):
        inside = (scr >= low) & (scr < high)
        number, found = int(inside.sum()), int((inside & hits).sum())
        rows.append(dict(low=float(low), high=float(high), targets=number, detected=found, Pd=ratio(found, number)))
    return rows


def box_centers(boxes: NDArray[Any]) -> NDArray[np.float64]:
    """(N, 2): x, y."""
    centers: NDArray[np.float64] = (boxes[:, :2] + boxes[:, 2:]) / 2
    return centers
