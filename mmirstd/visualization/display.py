"""Infrared images of any bit depth made visible."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np


def single_channel(image: np.ndarray) -> np.ndarray:
    """(H, W), (H, W, 1), (H, W, 3|4) BGR(A) of any dtype -> (H, W) float32, NaN/inf replaced."""
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[2] in (3, 4):
        image = image[..., :3].astype(np.float32) @ np.array([0.114, 0.587, 0.299], np.float32)
    elif image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim != 2 or image.size == 0:
        raise ValueError(
            'a picture needs a non-empty image of shape (H, W), (H, W, 1), (H, W, 3) or '
            f'(H, W, 4), found shape {image.shape}; take one image of the batch and move its '
            'channels last'
        )
    image = image.astype(np.float32)
    finite = np.isfinite(image)
    if not finite.all():
        fill = float(image[finite].min()) if finite.any() else 0.0
        image = np.where(finite, image, np.float32(fill))
    return image


def display_range(image: np.ndarray, percentiles: tuple[float, float] = (0.2, 99.9)) -> tuple[float, float]:
    """The gray values of an (H, W) image that become black and white: those at the percentiles."""
    # As np.percentile, but sorted: NumPy sorts by vector instructions, ten times as fast as it selects.
    values = np.sort(image, axis=None)
    low, high = (_between(values, percent / 100 * (values.size - 1)) for percent in percentiles)
    if high <= low:  # targets alone may differ from a flat background
        low, high = float(image.min()), float(image.max())
    return low, high


def _between(values: np.ndarray, place: float) -> float:
    """The value at a place between two of an array, linearly."""
    before = min(int(place), values.size - 1)
    first, second = float(values[before]), float(values[min(before + 1, values.size - 1)])
    return first + (second - first) * (place - before)


def stretch(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """(H, W) -> (H, W, 3) uint8 BGR, black at ``low`` and white at ``high``; dark gray where they are equal."""
    return cv2.cvtColor(stretch_gray(image, low, high), cv2.COLOR_GRAY2BGR)


def stretch_gray(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """As :func:`stretch`, (H, W) uint8: what is resized costs a third of what three equal channels do."""
    if high <= low:
        return np.full(image.shape, 64, np.uint8)
    return np.clip((image - low) * (255.0 / (high - low)) + 0.5, 0, 255).astype(np.uint8)


def to_display(image: np.ndarray, percentiles: tuple[float, float] = (0.2, 99.9)) -> np.ndarray:
    """Make an infrared image of any bit depth visible.

    Args:
        image: (H, W), (H, W, 1) or BGR(A), integer or float of any range; NaN
            and infinity are shown as the lowest finite value.
        percentiles: The values at these percentiles become black and white.

    Returns:
        (H, W, 3) uint8 BGR, gray. A constant image becomes dark gray.

    Raises:
        ValueError: Not one image.
    """
    image = single_channel(image)
    return stretch(image, *display_range(image, percentiles))


def heat_map(probability: np.ndarray) -> np.ndarray:
    """(H, W) in [0, 1] -> (H, W, 3) uint8 BGR, from black over red to yellow."""
    return _inferno()[(np.clip(probability, 0, 1) * 255 + 0.5).astype(np.uint8)]


@cache
def _inferno() -> np.ndarray:
    """(256, 3) uint8 BGR; OpenCV interpolates it anew in each call, which takes a millisecond."""
    return cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_INFERNO)[:, 0]
