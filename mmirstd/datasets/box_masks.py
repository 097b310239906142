"""Boxes as masks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def fill_boxes(boxes: Iterable[Sequence[float]], shape: Sequence[int]) -> NDArray[np.uint8]:
    """The mask of filled boxes: the pixels whose centers they hold, and at least one of each box.

    Args:
        boxes: x1, y1, x2, y2 in pixels; the image spans 0..width and 0..height. What lies beyond is cut off.
        shape: (H, W) of the image.

    Returns:
        (H, W) uint8, 1 in a box. Along a side without the center of a pixel it is the pixel of the box's center.
    """
    mask = np.zeros(tuple(shape), np.uint8)
    for x1, y1, x2, y2 in boxes:
        mask[_pixels(y1, y2, shape[0]), _pixels(x1, x2, shape[1])] = 1
    return mask


def _pixels(low: float, high: float, size: int) -> slice:
    """The pixels along one side of a box, at least one, of an image of ``size`` pixels."""
    low, high = np.clip((low, high), 0, size)
    first, end = int(np.floor(low + 0.5)), int(np.ceil(high - 0.5))
    if end <= first:
        first = min(int(np.floor((low + high) / 2)), size - 1)
        end = first + 1
    return slice(first, end)
