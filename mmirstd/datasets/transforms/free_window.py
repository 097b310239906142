"""Windows of an image that hold no target."""

from __future__ import annotations

import cv2
import numpy as np

from mmirstd.datasets.soft_masks import hard_mask

Window = tuple[slice, slice]


def near_targets(mask: np.ndarray, margin: int) -> np.ndarray:
    """The pixels of targets, and those at most ``margin`` rows or columns away; (H, W) uint8 {0, 1}.

    Args:
        mask: (H, W[, T]) uint8 {0, 1} or soft.
        margin: What masks may lack of a target's edge, in pixels.
    """
    targets = hard_mask(mask if mask.ndim == 2 else mask.max(axis=2))
    return cv2.dilate(np.ascontiguousarray(targets, np.uint8), np.ones((2 * margin + 1, 2 * margin + 1), np.uint8))


def draw_free_window(
    blocked: np.ndarray, size: tuple[int, int], least: tuple[int, int], pixel: tuple[int, int] | None = None
) -> Window | None:
    """Draw a window without blocked pixels, from NumPy's global generator.

    All windows of the full size have the same chance. Where there is none, as in an image hardly larger than the
    window, it is a smaller one, as large as fits above, below, left or right of all that is blocked, each side with a
    chance proportional to its area.

    Args:
        blocked: (H, W) uint8, 0: free.
        size: Height and width at most.
        least: Height and width at least; an image that is smaller itself counts as large enough.
        pixel: (row, column) that the window must hold; None: any place will do.

    Returns:
        Rows and columns; None: there is no such window.
    """
    height, width = blocked.shape
    size = min(size[0], height), min(size[1], width)
    least = min(least[0], size[0]), min(least[1], size[1])
    sums = cv2.integral(blocked)
    inside = (
        sums[size[0] :, size[1] :]
        - sums[: -size[0], size[1] :]
        - sums[size[0] :, : -size[1]]
        + sums[: -size[0], : -size[1]]
    )
    tops, lefts = np.nonzero(inside == 0)
    if pixel is not None:
        holds = (tops <= pixel[0]) & (pixel[0] < tops + size[0]) & (lefts <= pixel[1]) & (pixel[1] < lefts + size[1])
        tops, lefts = tops[holds], lefts[holds]
    if len(tops):
        pick = np.random.randint(len(tops))
        top, left = int(tops[pick]), int(lefts[pick])
        return slice(top, top + size[0]), slice(left, left + size[1])
    return _beside_all(blocked, size, least, pixel)


def _beside_all(
    blocked: np.ndarray, size: tuple[int, int], least: tuple[int, int], pixel: tuple[int, int] | None
) -> Window | None:
    height, width = blocked.shape
    x, y, box_width, box_height = cv2.boundingRect(blocked)
    bands = [(0, y, 0, width), (y + box_height, height, 0, width), (0, height, 0, x), (0, height, x + box_width, width)]
    bands = [
        (top, bottom, left, right)
        for top, bottom, left, right in bands
        if bottom - top >= least[0]
        and right - left >= least[1]
        and (pixel is None or (top <= pixel[0] < bottom and left <= pixel[1] < right))
    ]
    if not bands:
        return None
    areas = np.array([(bottom - top) * (right - left) for top, bottom, left, right in bands], float)
    top, bottom, left, right = bands[np.random.choice(len(bands), p=areas / areas.sum())]
    row, column = pixel or (None, None)
    return _part(top, bottom, size[0], row), _part(left, right, size[1], column)


def _part(low: int, high: int, size: int, place: int | None) -> slice:
    """A random part of a range, of ``size`` at most, that holds a place."""
    size = min(size, high - low)
    first, last = low, high - size
    if place is not None:
        first, last = max(first, place - size + 1), min(last, place)
    start = int(np.random.randint(first, last + 1))
    return slice(start, start + size)
