"""The local signal-to-clutter ratio (SCR) of a target: one definition for annotations, metrics, results and statistics.

``SCR = |mu_t - mu_b| / sigma_b`` as in Gao et al., "Infrared Patch-Image Model for Small Target Detection in a Single
Image" (IEEE TIP 2013): mu_t is the mean over the target, mu_b and sigma_b are mean and standard deviation over the
target's box grown on each side. How far it grows (:data:`RADIUS`), the pixels around targets that are left out
(:data:`GUARD`) and the least sigma_b are our choice, and parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: How far the neighborhood reaches beyond the target's box on each side, in pixels.
RADIUS = 20
#: How many pixels around each target belong to no neighborhood: the target's tails still reach them.
GUARD = 4
#: The noise of rounding, in units of one count: a quantized signal is never known better.
ROUNDING_SIGMA = float(1 / np.sqrt(12))


@dataclass(frozen=True)
class LocalStatistics:
    """A target against its neighborhood, all in the units of the image.

    Attributes:
        scr: abs(target_mean - background_mean) / background_sigma; NaN where the sigma is 0.
        target_mean: Mean over the target.
        background_mean: Mean over the neighborhood.
        background_sigma: Standard deviation over the neighborhood, at least the floor.
        peak: The target's value that is farthest from the background mean.
    """

    scr: float
    target_mean: float
    background_mean: float
    background_sigma: float
    peak: float


def neighborhood(
    mask: NDArray[Any], all_targets: NDArray[Any] | None = None, radius: int = RADIUS, guard: int = GUARD
) -> tuple[tuple[slice, slice], NDArray[Any]]:
    """The pixels that a target is compared with: its box grown by ``radius``, without the targets.

    Args:
        mask: (H, W), non-zero on the target.
        all_targets: (H, W), non-zero on every target of the image; they and ``guard`` px around them are left out.
            Default: ``mask``.
        radius: See :data:`RADIUS`; the box is cut at the image border.
        guard: See :data:`GUARD`.

    Returns:
        The window as a pair of slices, and a boolean array of the window's size that is true on the neighborhood.

    Raises:
        ValueError: The mask is empty or the shapes differ.
    """
    x, y, w, h = cv2.boundingRect(np.ascontiguousarray(mask, dtype=np.uint8))
    if w == 0:
        raise ValueError('the SCR of an empty mask is not defined')
    everything = mask if all_targets is None else all_targets
    if everything.shape != mask.shape:
        raise ValueError(f'the masks differ in shape: {mask.shape} and {everything.shape}')
    return _neighborhood((y, x, y + h, x + w), everything, radius, guard)


def _neighborhood(
    box: Sequence[int] | NDArray[np.integer[Any]], everything: NDArray[Any], radius: int, guard: int
) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    (height, width), (y0, x0, y1, x1) = everything.shape, box
    top, left = max(0, y0 - radius), max(0, x0 - radius)
    bottom, right = min(height, y1 + radius), min(width, x1 + radius)
    # Targets just outside the window have their guard inside it.
    far_top, far_left = max(0, top - guard), max(0, left - guard)
    part = everything[far_top : bottom + guard, far_left : right + guard] != 0
    grown = cv2.dilate(part.astype(np.uint8), np.ones((2 * guard + 1, 2 * guard + 1), np.uint8))
    free = grown[top - far_top : bottom - far_top, left - far_left : right - far_left] == 0
    return (slice(top, bottom), slice(left, right)), free


def local_scr(
    image: NDArray[Any],
    mask: NDArray[Any],
    all_targets: NDArray[Any] | None = None,
    radius: int = RADIUS,
    guard: int = GUARD,
    floor: float | None = None,
) -> LocalStatistics:
    """Measure one target. If the targets leave no neighborhood at all, the whole window outside the target is taken.

    Args:
        image: (H, W), gray values.
        mask: (H, W), non-zero on the target.
        all_targets: See :func:`neighborhood`.
        radius: See :func:`neighborhood`.
        guard: See :func:`neighborhood`.
        floor: Least sigma_b, in the units of the image. Default: :data:`ROUNDING_SIGMA` for an image of integers, 0
            for floats.

    Raises:
        ValueError: The mask is empty or the shapes differ.
    """
    if image.shape != mask.shape:
        raise ValueError(f'image {image.shape} and mask {mask.shape} differ in shape')
    window, free = neighborhood(mask, all_targets, radius, guard)
    return _statistics(image[window], mask[window] != 0, free, floor)


def labeled_scr(
    image: NDArray[Any],
    labels: NDArray[Any],
    boxes: Sequence[Sequence[int]] | NDArray[np.integer[Any]],
    radius: int = RADIUS,
    guard: int = GUARD,
    floor: float | None = None,
) -> NDArray[Any]:
    """The SCR of every target of an image, as :func:`local_scr` measures each beside the others.

    Args:
        image: (H, W), gray values.
        labels: (H, W), k + 1 on target k, 0 elsewhere.
        boxes: N boxes around the targets: top, left, bottom, right, the last two exclusive.
        radius: See :func:`neighborhood`.
        guard: See :func:`neighborhood`.
        floor: See :func:`local_scr`.

    Returns:
        (N,) float64; NaN where the background is constant or a target has no pixel.
    """
    result = np.full(len(boxes), np.nan)
    for index, box in enumerate(boxes):
        window, free = _neighborhood(box, labels, radius, guard)
        inside = labels[window] == index + 1
        if inside.any():
            result[index] = _statistics(image[window], inside, free, floor).scr
    return result


def _statistics(image: NDArray[Any], inside: NDArray[Any], free: NDArray[Any], floor: float | None) -> LocalStatistics:
    if floor is None:
        floor = 0.0 if image.dtype.kind == 'f' else ROUNDING_SIGMA
    pixels = image.astype(np.float64)
    around = pixels[free] if free.any() else pixels[~inside]
    if around.size == 0:
        around = pixels.ravel()
    mean, sigma = float(around.mean()), max(float(around.std()), floor)
    values = pixels[inside]
    peak = float(values[np.argmax(np.abs(values - mean))])
    target = float(values.mean())
    return LocalStatistics(abs(target - mean) / sigma if sigma > 0 else float('nan'), target, mean, sigma, peak)
