"""What is measured of one target: size, contrast, signal-to-clutter ratio, and where it lies in its mask."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.scr import ROUNDING_SIGMA, local_scr

#: Room around a target in which its center is looked for, px; the SCR that it needs; from what share of its peak on
#: the signal counts.
SHIFT_MARGIN, SHIFT_SCR, SHIFT_LEVEL = 4, 4, 0.2
#: `local_scr` allows for the rounding of 8-bit codes, so it is given such.
FULL_SCALE = 255


def target_values(image: NDArray[Any], target: NDArray[Any], everything: NDArray[Any]) -> dict[str, float]:
    """The quantities of one target.

    Args:
        image: (H, W) float, full scale 1.
        target: (H, W) uint8, 1 on the target.
        everything: (H, W) uint8, 1 on all targets of the image.
    """
    stats = local_scr(image * FULL_SCALE, target, everything, floor=ROUNDING_SIGMA)
    inside = image[target > 0] * FULL_SCALE
    _, _, width, height = cv2.boundingRect(target)
    rim = image[(target - cv2.erode(target, np.ones((3, 3), np.uint8))) > 0] * FULL_SCALE
    height_above = np.percentile(inside, 95) - stats.background_mean
    down, right = (
        _shift(image * FULL_SCALE - stats.background_mean, target, everything)
        if stats.scr >= SHIFT_SCR and stats.target_mean > stats.background_mean
        else (float('nan'),) * 2
    )
    return dict(
        area=float(target.sum()),
        side=float(max(width, height)),
        scr=stats.scr,
        peak=abs(stats.peak - stats.background_mean) / stats.background_sigma,
        contrast=100 * (stats.target_mean - stats.background_mean) / FULL_SCALE,
        clutter=100 * stats.background_sigma / FULL_SCALE,
        down=down,
        right=right,
        # A target no brighter than its surroundings has no profile.
        rim=float((rim.mean() - stats.background_mean) / height_above) if height_above >= 1 else float('nan'),
    )


def _shift(signal: NDArray[Any], target: NDArray[Any], everything: NDArray[Any]) -> tuple[float, float]:
    """From the mask's center to that of the signal above a fifth of its peak, rows and columns; NaN without room."""
    left, top, width, height = cv2.boundingRect(target)
    bottom, end = top + height + SHIFT_MARGIN, left + width + SHIFT_MARGIN
    window = (slice(max(top - SHIFT_MARGIN, 0), bottom), slice(max(left - SHIFT_MARGIN, 0), end))
    cut = min(top, left) < SHIFT_MARGIN or bottom > target.shape[0] or end > target.shape[1]
    if cut or everything[window].sum() != target[window].sum():
        return float('nan'), float('nan')
    seen = np.clip(signal[window] - SHIFT_LEVEL * signal[window].max(), 0, None)
    centers = [
        np.average(np.indices(seen.shape), axis=(1, 2), weights=np.broadcast_to(weights, (2, *seen.shape)))
        for weights in (seen, target[window].astype(np.float64))
    ]
    down, right = centers[0] - centers[1]
    return float(down), float(right)
