"""Measure targets: from a probability map or from boxes to :class:`~.target_schema.Target`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmirstd.evaluation.functional import label_components, target_scr
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.components import component_maxima
from mmirstd.utils.logits import logit_of, probability_of
from mmirstd.utils.scr import labeled_scr

from .target_schema import Target


def measure_targets(
    probability: np.ndarray,
    threshold: float | OperatingPoint = 0.5,
    min_area: int = 1,
    gray: np.ndarray | None = None,
    frame: int = 0,
    logit: np.ndarray | None = None,
) -> tuple[list[Target], np.ndarray]:
    """Targets of a probability map: its 8-connected components above the threshold.

    The centroid is weighted by probability, ``sum(p x) / sum(p)`` over the component's pixels, so that it moves by
    less than a pixel when the target does.  The local SCR is
    :func:`mmirstd.utils.scr.local_scr` of the gray values, with the component as the target.

    Args:
        probability: (H, W) float in [0, 1].
        threshold: A pixel belongs to a target when its probability is greater; in [0, 1). Or a threshold of the
            logits.
        min_area: Components of fewer pixels are no targets; they also count as background of others.
        gray: (H, W) gray values for the SCR; None: not known.
        frame: Number of the frame.
        logit: (H, W) logits; None: those of the probabilities, which end at +-17.3.

    Returns:
        The targets in raster order of their first pixels, and their mask (H, W) bool.

    Raises:
        ValueError: An argument is out of its range.
    """
    if not isinstance(threshold, OperatingPoint) and not 0 <= threshold < 1:
        raise ValueError(f'threshold is {threshold}; expected 0 <= threshold < 1')
    if min_area < 1:
        raise ValueError(f'min_area is {min_area}; expected at least 1 pixel')
    if isinstance(threshold, OperatingPoint):
        mask = threshold.mask(logit_of(probability) if logit is None else logit)
    else:
        mask = probability > threshold
    components = label_components(mask)
    small = components.areas < min_area
    if small.any():
        components.crop(mask)[np.concatenate(([False], small))[components.labels]] = False
        components = label_components(mask)
    count = len(components)
    if not count:
        return [], mask
    rows, columns = np.nonzero(components.labels)
    member = components.labels[rows, columns].astype(np.intp) - 1
    values = components.crop(probability)[rows, columns].astype(np.float64)
    top, left = components.window[:2]
    mass = np.bincount(member, values, count)
    if not mass.all():  # a low threshold, under which float32 knows no probability
        values = np.where(mass[member] > 0, values, 1.0)
        sums = np.bincount(member, values, count)
    else:
        sums = mass
    ys = np.bincount(member, values * (rows + top), count) / sums
    xs = np.bincount(member, values * (columns + left), count) / sums
    scr = np.full(count, np.nan) if gray is None else target_scr(gray, components)
    peaks = component_maxima(components, probability)
    logits = component_maxima(components, logit) if logit is not None else logit_of(peaks)
    temperature = threshold.temperature if isinstance(threshold, OperatingPoint) else None
    confidences = np.full(count, np.nan) if temperature is None else probability_of(logits / temperature)
    targets = [
        Target(
            frame=frame,
            id=k,
            x=float(xs[k]),
            y=float(ys[k]),
            x0=float(x0),
            y0=float(y0),
            x1=float(x1),
            y1=float(y1),
            area=float(components.areas[k]),
            peak=float(peaks[k]),
            mean=float(mass[k] / components.areas[k]),
            scr=_known(scr[k]),
            logit=float(logits[k]),
            confidence=_known(confidences[k]),
        )
        for k, (y0, x0, y1, x1) in enumerate(components.boxes)
    ]
    return targets, mask


def measure_boxes(
    boxes: np.ndarray,
    scores: np.ndarray,
    gray: np.ndarray | None = None,
    frame: int = 0,
    class_names: Sequence[str] | None = None,
) -> list[Target]:
    """Targets of a detector's boxes, the highest score first.

    The local SCR takes the pixels whose centers the box holds as the target (the nearest pixel if there is none), and
    the ring around it without the other boxes.

    Args:
        boxes: (N, 4) edges x0, y0, x1, y1.
        scores: (N,) in [0, 1].
        gray: (H, W) gray values for the SCR; None: not known.
        frame: Number of the frame.
        class_names: (N,) names of their classes; None: there is one class.
    """
    order = np.argsort(-np.asarray(scores), kind='stable')
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)[order]
    scores = np.asarray(scores, np.float64)[order]
    scr = np.full(len(boxes), np.nan) if gray is None or not len(boxes) else _box_scr(gray, boxes)
    return [
        Target(
            frame=frame,
            id=k,
            x=(x0 + x1) / 2 - 0.5,
            y=(y0 + y1) / 2 - 0.5,
            x0=x0,
            y0=y0,
            x1=x1,
            y1=y1,
            area=max(x1 - x0, 0.0) * max(y1 - y0, 0.0),
            peak=score,
            mean=None,
            scr=_known(scr[k]),
            logit=logit,
            class_name=None if class_names is None else class_names[order[k]],
        )
        for k, ((x0, y0, x1, y1), score, logit) in enumerate(
            zip(boxes.tolist(), scores.tolist(), logit_of(scores).tolist())
        )
    ]


def measure_detections(
    boxes: np.ndarray,
    scores: np.ndarray,
    gray: np.ndarray,
    threshold: float = 0.5,
    min_area: float = 1,
    frame: int = 0,
    class_names: Sequence[str] | None = None,
) -> list[Target]:
    """Targets of a detector's raw boxes: clipped to the image, and those of enough score and area.

    Args:
        boxes: (N, 4) edges x0, y0, x1, y1.
        scores: (N,) in [0, 1].
        gray: (H, W) gray values.
        threshold: A box with at least this score is a target.
        min_area: Least area of a box in pixels.
        frame: Number of the frame.
        class_names: (N,) names of their classes; None: there is one class.
    """
    boxes, large = boxes_inside(boxes, gray.shape, min_area)
    scores = np.asarray(scores, np.float64)
    kept = (scores >= threshold) & large
    names = None if class_names is None else [class_names[k] for k in np.flatnonzero(kept)]
    return measure_boxes(boxes[kept], scores[kept], gray, frame, names)


def boxes_inside(boxes: np.ndarray, shape: tuple[int, ...], min_area: float = 1) -> tuple[np.ndarray, np.ndarray]:
    """Boxes clipped to the image, and which of them are large enough for a target.

    Args:
        boxes: (N, 4) edges x0, y0, x1, y1.
        shape: Of the image, height and width.
        min_area: Least area of a box in pixels.

    Returns:
        (N, 4) float64; (N,) bool.
    """
    height, width = shape
    boxes = np.clip(np.asarray(boxes, np.float64).reshape(-1, 4), 0, (width, height, width, height))
    return boxes, (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) >= min_area


def _box_scr(gray: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(N,) local SCR; where boxes overlap, a pixel belongs to the one with the highest score."""
    height, width = gray.shape
    labels = np.zeros((height, width), np.int32)
    sizes = (width, height)
    edges = np.zeros((len(boxes), 4), np.int32)
    for k in range(len(boxes) - 1, -1, -1):
        spans = []
        for axis in (0, 1):
            low = int(np.clip(np.ceil(boxes[k, axis] - 0.5), 0, sizes[axis] - 1))
            spans.append((low, int(np.clip(np.ceil(boxes[k, axis + 2] - 0.5), low + 1, sizes[axis]))))
        (left, right), (top, bottom) = spans
        labels[top:bottom, left:right] = k + 1
        edges[k] = top, left, bottom, right
    return labeled_scr(gray, labels, edges)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
