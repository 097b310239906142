"""Pd and Fa over thresholds, from one pass over the predictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import Components, label_components

from .matching import match_nearest

#: Thresholds k/32 (exact in float32), among them the 0.5 of the default protocol.
PD_FA_THRESHOLDS: tuple[float, ...] = tuple(k / 32 for k in range(1, 32))


def pd_fa_counts(
    score: NDArray[Any], targets: Components, thresholds: Sequence[float] = PD_FA_THRESHOLDS, max_distance: float = 3.0
) -> NDArray[Any]:
    """Detections and false alarms of one image at many thresholds.

    Components are labeled anew at each threshold (they split and vanish as it rises), but only
    inside the bounding box of the previous threshold's pixels, and only when a pixel changed.

    Args:
        score: (H, W) float probabilities.
        targets: The image's ground-truth components.
        thresholds: K ascending numbers, compared strictly.
        max_distance: Centroid distance limit in pixels, strict; nearest pair first.

    Returns:
        (K, 3) int64: detected targets, false pixels, false components.

    Raises:
        ValueError: The thresholds do not ascend.
    """
    if any(high <= low for low, high in zip(thresholds[:-1], thresholds[1:])):
        raise ValueError('thresholds must ascend')
    counts = np.zeros((len(thresholds), 3), np.int64)
    window, top, left, previous = score, 0, 0, -1
    for index, threshold in enumerate(thresholds):
        mask = window > float(threshold)
        pixels = int(np.count_nonzero(mask))
        if not pixels:
            break
        if pixels == previous:
            # The positive pixels of a higher threshold are among those of a lower one.
            counts[index] = counts[index - 1]
            continue
        previous = pixels
        x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
        window, top, left = window[y : y + height, x : x + width], top + y, left + x
        found = label_components(mask[y : y + height, x : x + width], offset=(top, left))
        matches = match_nearest(targets, found, max_distance)
        false = ~matches.matched
        counts[index] = int(matches.detected.sum()), int(found.areas[false].sum()), int(false.sum())
    return counts


@dataclass(frozen=True)
class PdFaCurve:
    """Pd over Fa.

    Attributes:
        thresholds: (K,) float64, ascending.
        pd: (K,) float64, detected / targets; NaN without targets. Not monotonic: blobs merge
            at low thresholds, which moves their centroids.
        fa: (K,) float64, false pixels / all pixels.
        false_components: (K,) float64, false components per image.
    """

    thresholds: NDArray[np.float64]
    pd: NDArray[np.float64]
    fa: NDArray[np.float64]
    false_components: NDArray[np.float64]


def pd_fa_curve(
    counts: Iterable[NDArray[Any]], targets: int, pixels: int, thresholds: Sequence[float] = PD_FA_THRESHOLDS
) -> PdFaCurve:
    """Make the curve of a data set.

    Args:
        counts: What :func:`pd_fa_counts` gave for each image.
        targets: Targets in the data set.
        pixels: Pixels in the data set.
        thresholds: The thresholds that were counted.
    """
    total, images = np.zeros((len(thresholds), 3), np.int64), 0
    for item in counts:
        total += item
        images += 1
    with np.errstate(invalid='ignore', divide='ignore'):
        return PdFaCurve(
            np.asarray(thresholds, np.float64),
            np.true_divide(total[:, 0], targets),
            np.true_divide(total[:, 1], pixels),
            np.true_divide(total[:, 2], images),
        )
