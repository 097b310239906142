"""What became of each target and each predicted component."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from mmirstd.evaluation.functional import Components, label_components
from mmirstd.evaluation.functional.matching import match_nearest

from .contours import binary_mask

#: Errors are what one looks for, so they get the first insets and numbers.
ORDER = {'missed': 0, 'false alarm': 1, 'detected': 2, 'predicted': 2}


@dataclass(frozen=True)
class Finding:
    """One target or predicted component and what became of it.

    Attributes:
        status: 'detected' | 'missed' | 'false alarm', or 'predicted' when
            there is no ground truth.
        centroid: (x, y) in pixels; of the target where there is one.
        box: (x0, y0, x1, y1) in pixels, x1 and y1 exclusive; encloses the
            target and the predicted component matched to it.
        area: Pixels of the target, or of the predicted component if no target.
        distance: Pixels between the matched centroids, None if unmatched.
        peak: Highest probability in the box, None for a binary prediction.
        number: Of the predicted component in result files (the target's ``id``); None where there is ground truth:
            pictures then number the findings by their order.
    """

    status: str
    centroid: tuple[float, float]
    box: tuple[int, int, int, int]
    area: int
    distance: float | None = None
    peak: float | None = None
    number: int | None = None


class _Numbered(Protocol):
    @property
    def number(self) -> int | None: ...


T = TypeVar('T', bound=_Numbered)


def numbered(findings: Sequence[T]) -> Iterator[tuple[int, T]]:
    """Each finding with what it is called in pictures: its own number, or its place in the order, from 1."""
    for place, finding in enumerate(findings, 1):
        yield place if finding.number is None else finding.number, finding


def find_components(
    gt: np.ndarray | None, pred: np.ndarray, prob: np.ndarray | None = None, max_distance: float = 3.0
) -> list[Finding]:
    """Say of each target and each predicted component what became of it.

    The rule is the default protocol's: 8-connected components, a pair matches
    when its centroids are less than ``max_distance`` apart, nearest pair
    first, one to one.

    Args:
        gt: (H, W) mask, target > 0, or None when it is not known.
        pred: (H, W) mask, target > 0.
        prob: (H, W) probabilities in [0, 1], for :attr:`Finding.peak`.
        max_distance: Pixels, exclusive.

    Returns:
        Findings, errors first (missed, false alarm, detected), each group from
        the largest component to the smallest. Without ground truth they have the numbers that the components have in
        raster order, from 0, as targets in result files.
    """
    pred = np.asarray(pred) > 0
    predicted = label_components(pred)
    truth = (
        np.zeros(pred.shape, bool) if gt is None else binary_mask(gt, (pred.shape[0], pred.shape[1]), 'ground truth')
    )
    targets = label_components(truth)
    matches = match_nearest(targets, predicted, max_distance)

    findings = []
    for i, j in enumerate(matches.prediction_of):
        box = _box(targets, i)
        if j < 0:
            findings.append(Finding('missed', _centroid(targets, i), box, int(targets.areas[i]), peak=_peak(prob, box)))
            continue
        other = _box(predicted, j)
        box = (min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3]))
        findings.append(
            Finding(
                'detected',
                _centroid(targets, i),
                box,
                int(targets.areas[i]),
                float(matches.distance[i]),
                _peak(prob, box),
            )
        )
    status = 'predicted' if gt is None else 'false alarm'
    for j in np.flatnonzero(~matches.matched):
        box = _box(predicted, j)
        number = int(j) if gt is None else None
        area = int(predicted.areas[j])
        findings.append(Finding(status, _centroid(predicted, j), box, area, peak=_peak(prob, box), number=number))
    return sorted(findings, key=lambda f: (ORDER[f.status], -f.area, f.box))


def _box(components: Components, index: int) -> tuple[int, int, int, int]:
    left, top, width, height = components.rectangles[index].tolist()
    return left, top, left + width, top + height


def _centroid(components: Components, index: int) -> tuple[float, float]:
    row, column = components.centroids[index].tolist()
    return column, row


def _peak(prob: np.ndarray | None, box: tuple[int, int, int, int]) -> float | None:
    if prob is None:
        return None
    return float(prob[box[1] : box[3], box[0] : box[2]].max())
