"""Checks of target boxes: do they lie in the image, are they shares or corners."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

BAD_BOX = {
    'error': 'a bad box is an error that names the image',
    'clip': 'a box is cut to the image; without area (left), it is dropped',
    'drop': 'a bad box is dropped',
}

#: A box may leave the image by this much, in pixels: rounding of a text format, not an error.
TOLERANCE = 1e-2


def check_boxes(
    instances: Sequence[dict[str, Any]],
    width: int | None,
    height: int | None,
    policy: str,
) -> tuple[list[dict[str, Any]], Counter[str], str]:
    """Apply a policy for boxes without area or outside of the image.

    Args:
        instances: With ``bbox=[x1, y1, x2, y2]`` in pixels (edges; the image spans 0..width).
        width: Of the image; None: only the area of boxes is checked.
        height: Of the image, or None.
        policy: A key of :data:`BAD_BOX`. ``'error'`` is the caller's to raise.

    Returns:
        The instances to keep (``bbox`` changed where it was cut), what was found (``'no area'``, ``'outside'`` and
        ``'partly outside'`` by count) and a description of the first bad box.
    """
    kept: list[dict[str, Any]] = []
    found: Counter[str] = Counter()
    first = ''
    for instance in instances:
        x1, y1, x2, y2 = (float(value) for value in instance['bbox'])
        problem = ''
        if not all(math.isfinite(value) for value in (x1, y1, x2, y2)) or x2 <= x1 or y2 <= y1:
            problem = 'no area'
        elif width is not None and height is not None:
            if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
                problem = 'outside'
            elif min(x1, y1) < -TOLERANCE or x2 > width + TOLERANCE or y2 > height + TOLERANCE:
                problem = 'partly outside'
        if not problem:
            kept.append(instance)
            continue
        found[problem] += 1
        if not first:
            size = '' if width is None else f', in an image of {width}x{height} pixels (width x height)'
            first = f'box [x1, y1, x2, y2] = [{x1:g}, {y1:g}, {x2:g}, {y2:g}] ({problem}){size}'
        if policy == 'clip' and problem == 'partly outside' and width is not None and height is not None:
            box = [max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))]
            kept.append(dict(instance, bbox=box))
    return kept, found, first


def looks_normalized(boxes: Sequence[Sequence[float]]) -> bool:
    """Whether boxes are given as shares of the image's width and height.

    Args:
        boxes: All boxes of a file, four numbers each, in any order of corners and sides.

    Returns:
        True when every number lies within 0..1, and at least one is no whole number (a target of one pixel in the
        corner of the image is ``[0, 0, 1, 1]``).
    """
    values = np.array([*boxes], np.float64)
    return bool(values.size and ((values >= -1e-3) & (values <= 1 + 1e-3)).all() and (values % 1).any())


def could_be_corners(boxes: Sequence[Sequence[float]]) -> bool:
    """Whether boxes meant as x, y, width, height might be x1, y1, x2, y2: no third and fourth number contradicts."""
    values = np.array([*boxes], np.float64).reshape(-1, 4)
    return bool(len(values) and (values[:, 2:] > values[:, :2]).all() and (values[:, :2] >= 0).all())


def look_like_corners(
    boxes: Sequence[Sequence[float]], areas: Sequence[float | None], sizes: Sequence[tuple[int, int] | None]
) -> bool:
    """Whether boxes meant as x, y, width, height can only be x1, y1, x2, y2.

    Args:
        boxes: All boxes of a file, four numbers each.
        areas: The area that the file claims of each, None where it claims none.
        sizes: Height and width of each one's image, None where unknown.

    Returns:
        True when :func:`could_be_corners`, and either every known area is that of the corners, or all boxes lie inside
        of their image as corners and some do not as sides.
    """
    if not could_be_corners(boxes):
        return False
    values = np.array([*boxes], np.float64)
    left, top, third, fourth = values.T
    known = np.array([area is not None for area in areas])
    claimed = np.array([area for area in areas if area is not None], np.float64)
    corners, sides = ((third - left) * (fourth - top))[known], (third * fourth)[known]
    if len(claimed) and np.allclose(claimed, corners, rtol=1e-2) and not np.isclose(claimed, sides, rtol=1e-2).any():
        return True
    limit = np.array([(np.inf, np.inf) if size is None else size[::-1] for size in sizes], np.float64) + TOLERANCE
    return bool((values[:, 2:] <= limit).all() and (values[:, :2] + values[:, 2:] > limit).any())
