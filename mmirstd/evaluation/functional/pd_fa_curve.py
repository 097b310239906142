"""Pd and Fa over thresholds, from one pass over the predictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import Components, label_components
from mmirstd.utils.logits import logit_of, probability_of

from .matching import match_nearest

#: Thresholds k/32 (exact in float32), among them the 0.5 of the default protocol.
PD_FA_THRESHOLDS: tuple[float, ...] = tuple(k / 32 for k in range(1, 32))
#: Thresholds of the logit beyond them, where probabilities come to their end.
PD_FA_LOGITS: tuple[float, ...] = (
    *(4.5, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0, 20.0, 24.0, 28.0, 32.0, 40.0, 48.0, 56.0),
    *(64.0, 80.0, 96.0, 112.0, 128.0, 160.0, 192.0, 224.0, 256.0),
)


def pd_fa_counts(
    score: NDArray[Any], targets: Components, thresholds: Sequence[float] = PD_FA_THRESHOLDS, max_distance: float = 3.0
) -> NDArray[Any]:
    """Detections and false alarms of one image at many thresholds.

    Components are labeled anew at each threshold (they split and vanish as it rises), but only
    inside the bounding box of the previous threshold's pixels, and only when a pixel changed.

    Args:
        score: (H, W) float, probabilities or logits.
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


def curve_counts(score: NDArray[Any], logit: NDArray[Any] | None, targets: Components) -> NDArray[Any]:
    """What :func:`pd_fa_curve` needs of an image.

    Args:
        score: (H, W) float probabilities.
        logit: (H, W) float, of which they were made; None: not known, and the curve ends with the probabilities.
        targets: The image's ground-truth components.

    Returns:
        (K, 3) int32, see :func:`pd_fa_counts`: at :data:`PD_FA_THRESHOLDS`, then at :data:`PD_FA_LOGITS`.
    """
    counts = pd_fa_counts(score, targets)
    if logit is not None:
        counts = np.concatenate([counts, pd_fa_counts(logit, targets, PD_FA_LOGITS)])
    return counts.astype(np.int32)


@dataclass(frozen=True)
class PdFaCurve:
    """Pd over Fa.

    Attributes:
        thresholds: (K,) float64, as probabilities, ascending; those of the highest logits are 1.
        logits: (K,) float64, the same as logits.
        pd: (K,) float64, detected / targets; NaN without targets. Not monotonic: blobs merge
            at low thresholds, which moves their centroids.
        fa: (K,) float64, false pixels / all pixels.
        false_components: (K,) float64, false components per image.
    """

    thresholds: NDArray[np.float64]
    logits: NDArray[np.float64]
    pd: NDArray[np.float64]
    fa: NDArray[np.float64]
    false_components: NDArray[np.float64]


def pd_fa_curve(counts: Iterable[NDArray[Any]], targets: int, pixels: int) -> PdFaCurve:
    """Make the curve of a data set.

    Args:
        counts: What :func:`curve_counts` gave for each image. The curve goes as far as all of them do.
        targets: Targets in the data set.
        pixels: Pixels in the data set.
    """
    total, images = np.zeros((len(PD_FA_THRESHOLDS) + len(PD_FA_LOGITS), 3), np.int64), 0
    for item in counts:
        rows = min(len(total), len(item))
        total = total[:rows] + item[:rows]
        images += 1
    likely, high = np.array(PD_FA_THRESHOLDS), np.array(PD_FA_LOGITS)
    rows = len(total)
    with np.errstate(invalid='ignore', divide='ignore'):
        return PdFaCurve(
            np.concatenate([likely, probability_of(high)])[:rows],
            np.concatenate([logit_of(likely), high])[:rows],
            np.true_divide(total[:, 0], targets),
            np.true_divide(total[:, 1], pixels),
            np.true_divide(total[:, 2], images),
        )
