"""From a click on a target to its pixels: region growing on the local contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import label_components

from ..labels.shapes import Mask, mask_of

# The level rises by so much until the region stays inside the window, up to the highest.
_STEP, _HIGHEST = 0.05, 0.95


@dataclass(frozen=True)
class GrowOptions:
    """How a region grows around a click.

    Attributes:
        level: Where between the background (0) and the target's peak (1) its edge is, in (0, 1). 0.3 fits best how
            NUAA-SIRST's training images were labeled (docs/points.md).
        reach: How far the target may extend from the click, pixels; the background is the median of the square of twice
            this size.
        snap: The peak is looked for so far from the click, pixels.
        dark: Targets are darker than what is behind them.
    """

    level: float = 0.3
    reach: int = 24
    snap: int = 2
    dark: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f'level is {self.level}; expected a share between 0 and 1')
        if self.reach < 1 or self.snap < 0:
            raise ValueError(f'reach is {self.reach} and snap {self.snap}; expected at least 1 and 0')


def grow_from_click(image: NDArray[Any], row: int, column: int, options: GrowOptions = GrowOptions()) -> Mask:
    """The target that a click marks.

    From the brightest pixel near the click on, 8-connected neighbors join that are brighter than ``level`` of the way
    from the background to it. A region that reaches a side of the window has run out into the background: then the
    level rises until it does not.

    Args:
        image: (H, W) gray values of any scale; NaN and infinity belong to no target.
        row: Of the click.
        column: Of the click.
        options: How it grows.

    Returns:
        The target's pixels; the clicked one alone where nothing near it stands out from the background. Their box is
        ``bounds``.

    Raises:
        ValueError: The click is outside of the image.
    """
    if not (0 <= row < image.shape[0] and 0 <= column < image.shape[1]):
        raise ValueError(f'a click at row {row}, column {column} of an image of {image.shape[0]}x{image.shape[1]}')
    top, left = max(row - options.reach, 0), max(column - options.reach, 0)
    window = np.asarray(image[top : row + options.reach + 1, left : column + options.reach + 1], np.float64)
    if options.dark:
        window = -window
    finite = np.isfinite(window)
    background = float(np.median(window[finite])) if finite.any() else 0.0
    window = np.where(finite, window, background)
    peak = _peak(window, row - top, column - left, options.snap)
    contrast = float(window[peak]) - background
    if contrast <= 0:
        return Mask(column, row, np.ones((1, 1), bool))
    # the sides of the window that are not the image's own
    sides = np.ones(window.shape, bool)
    height, width = image.shape
    ends = row + options.reach + 1 < height, column + options.reach + 1 < width
    sides[int(top > 0) : len(window) - ends[0], int(left > 0) : window.shape[1] - ends[1]] = False
    level = options.level
    region = _region(window >= background + level * contrast, peak)
    while (region & sides).any() and level + _STEP <= _HIGHEST:
        level += _STEP
        region = _region(window >= background + level * contrast, peak)
    found = mask_of(region, left, top)
    assert found is not None
    return found


def _peak(window: NDArray[Any], row: int, column: int, snap: int) -> tuple[int, int]:
    """The brightest pixel near the click, of equal ones the nearest."""
    top, left = max(row - snap, 0), max(column - snap, 0)
    near = window[top : row + snap + 1, left : column + snap + 1]
    rows, columns = np.nonzero(near == near.max())
    nearest = np.argmin((rows + top - row) ** 2 + (columns + left - column) ** 2)
    return int(rows[nearest] + top), int(columns[nearest] + left)


def _region(bright: NDArray[np.bool_], seed: tuple[int, int]) -> NDArray[np.bool_]:
    """The 8-connected part that holds a pixel."""
    parts = label_components(bright)
    top, left, bottom, right = parts.window
    region = np.zeros(bright.shape, bool)
    region[top:bottom, left:right] = parts.labels == parts.labels[seed[0] - top, seed[1] - left]
    return region
