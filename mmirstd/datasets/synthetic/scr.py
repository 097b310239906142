"""The signal-to-clutter ratio (SCR) of a target in its neighbourhood, as it is written to the annotations."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

RADIUS = 20
GUARD = 4
# A quantised signal is never known better than this, in units of one count: the noise of rounding.
ROUNDING_SIGMA = 1 / np.sqrt(12)


@dataclass(frozen=True)
class LocalStatistics:
    """A target against its neighbourhood, all in counts (DN) of the image.

    Attributes:
        scr: abs(target_mean - background_mean) / background_sigma.
        target_mean: Mean over the target's mask.
        background_mean: Mean over the neighbourhood.
        background_sigma: Standard deviation over the neighbourhood, at least the noise of rounding (0.289 counts).
        peak: The mask's value that is farthest from the background mean.
    """

    scr: float
    target_mean: float
    background_mean: float
    background_sigma: float
    peak: float


def neighbourhood(mask: np.ndarray,
                  all_targets: np.ndarray | None = None,
                  radius: int = RADIUS,
                  guard: int = GUARD) -> tuple[tuple[slice, slice], np.ndarray]:
    """The pixels that a target is compared with: its box grown by ``radius``, without the targets.

    Args:
        mask: (H, W), non-zero on the target.
        all_targets: (H, W), non-zero on every target of the image; they and ``guard`` px around them (whose pixels
            the targets' tails still reach) are left out. Default: ``mask``.
        radius: How far the neighbourhood reaches beyond the target's box on each side, px (cut at the image border).
        guard: How many px around each target are left out.

    Returns:
        The window as a pair of slices, and a boolean array of the window's size that is true on the neighbourhood.

    Raises:
        ValueError: The mask is empty or the shapes differ.
    """
    x, y, w, h = cv2.boundingRect(np.ascontiguousarray(mask, dtype=np.uint8))
    if w == 0:
        raise ValueError('the SCR of an empty mask is not defined')
    everything = mask if all_targets is None else all_targets
    if everything.shape != mask.shape:
        raise ValueError(f'the masks differ in shape: {mask.shape} and {everything.shape}')
    height, width = mask.shape
    top, left = max(0, y - radius), max(0, x - radius)
    bottom, right = min(height, y + h + radius), min(width, x + w + radius)
    # Targets just outside the window have their guard inside it.
    far_top, far_left = max(0, top - guard), max(0, left - guard)
    part = everything[far_top:bottom + guard, far_left:right + guard] != 0
    grown = cv2.dilate(part.astype(np.uint8), np.ones((2 * guard + 1, 2 * guard + 1), np.uint8))
    free = grown[top - far_top:bottom - far_top, left - far_left:right - far_left] == 0
    return (slice(top, bottom), slice(left, right)), free


def local_scr(image: np.ndarray,
              mask: np.ndarray,
              all_targets: np.ndarray | None = None,
              radius: int = RADIUS,
              guard: int = GUARD) -> LocalStatistics:
    """Measure ``SCR = |mu_t - mu_b| / sigma_b`` of one target.

    mu_t is the mean over the target's mask, mu_b and sigma_b are mean and standard deviation over the neighbourhood
    (see `neighbourhood`). Everything can be measured again from the written image and masks alone. If the targets
    leave no neighbourhood at all, the whole window outside the mask is taken.

    Args:
        image: (H, W), counts.
        mask: (H, W), non-zero on the target.
        all_targets: (H, W), non-zero on all targets of the image.
        radius: See `neighbourhood`.
        guard: See `neighbourhood`.

    Raises:
        ValueError: The mask is empty or the shapes differ.
    """
    if image.shape != mask.shape:
        raise ValueError(f'image {image.shape} and mask {mask.shape} differ in shape')
    window, free = neighbourhood(mask, all_targets, radius, guard)
    inside = mask[window] != 0
    pixels = image[window].astype(np.float64)
    around = pixels[free] if free.any() else pixels[~inside]
    if around.size == 0:
        around = pixels.ravel()
    mean, sigma = float(around.mean()), max(float(around.std()), ROUNDING_SIGMA)
    values = pixels[inside]
    peak = float(values[np.argmax(np.abs(values - mean))])
    target = float(values.mean())
    return LocalStatistics(abs(target - mean) / sigma, target, mean, sigma, peak)
