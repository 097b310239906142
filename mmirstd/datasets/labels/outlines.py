"""Outlines of pixels, along their edges.

``cv2.findContours`` goes through the centers of the outer pixels: a target of one pixel becomes a point, one of two a
line, and each outline loses half a pixel on all sides. That is most of a small target. Along the edges nothing is lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .shapes import Mask

#: Right, down, left, up.
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def outlines(mask: Mask) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """The outer outlines of a mask, one for each 8-connected part, and those of its holes.

    Args:
        mask: Pixels.

    Returns:
        Outer outlines and holes, (N, 2) x and y of corners. An outline passes a corner where two pixels touch twice.
    """
    outer: list[NDArray[Any]] = []
    holes: list[NDArray[Any]] = []
    for ring in _rings(np.pad(mask.pixels, 1)):
        x, y = ring.T
        area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
        (outer if area > 0 else holes).append(ring + (mask.left - 1, mask.top - 1))
    return outer, holes


def _rings(pixels: NDArray[Any]) -> list[NDArray[Any]]:
    """All closed lines between set and unset pixels, the set ones on their right hand; ``pixels`` has an empty rim."""
    # the four pixels around each corner, and the corners from which an edge goes right, down, left, up
    corner, above, left, here = pixels[:-1, :-1], pixels[:-1, 1:], pixels[1:, :-1], pixels[1:, 1:]
    starts = (here & ~above, left & ~here, corner & ~left, above & ~corner)
    ways: dict[tuple[int, int], list[int]] = {}
    for direction, places in enumerate(starts):
        for y, x in np.argwhere(places).tolist():
            ways.setdefault((x + 1, y + 1), []).append(direction)
    rings = []
    while ways:
        start = place = next(iter(ways))
        ring: list[tuple[int, int]] = []
        last: int | None = None
        while True:
            choices = ways[place]
            direction = choices[0]
            # Where two pixels touch at a corner, turn left: they are one part, as in all of this package.
            if last is not None and (last - 1) % 4 in choices:
                direction = (last - 1) % 4
            choices.remove(direction)
            if not choices:
                del ways[place]
            if direction != last:
                ring.append(place)
            last = direction
            place = (place[0] + _STEPS[direction][0], place[1] + _STEPS[direction][1])
            if place == start and (direction - 1) % 4 not in ways.get(place, ()):
                break
        rings.append(np.array(ring, np.float64))
    return rings
