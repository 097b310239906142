"""How a target is marked in an image: a box, an outline, pixels or a point.

Coordinates are pixel edges: column 3 spans x from 3 to 4, its center is 3.5. x points right, y down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: x1, y1, x2, y2 in pixels.
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle.

    Attributes:
        x1, y1, x2, y2: Left, top, right and bottom before it is turned.
        angle: By how much it is turned about its center, degrees clockwise.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    angle: float = 0.0

    @property
    def corners(self) -> NDArray[Any]:
        """(4, 2) x and y of the corners, clockwise from the one that was at the top left."""
        x, y = (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2
        if self.angle % 180 == 0:
            return np.array([[self.x1, self.y1], [self.x2, self.y1], [self.x2, self.y2], [self.x1, self.y2]])
        offsets = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * ((self.x2 - self.x1) / 2, (self.y2 - self.y1) / 2)
        cosine, sine = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        turned: NDArray[Any] = offsets @ np.array([[cosine, sine], [-sine, cosine]])
        return turned + (x, y)

    @property
    def bounds(self) -> Bounds:
        """The upright rectangle around it."""
        if not self.angle:
            return self.x1, self.y1, self.x2, self.y2
        return _bounds(self.corners)


@dataclass(frozen=True)
class Polygon:
    """What one or several outlines enclose, together.

    Attributes:
        rings: (N, 2) x and y of the vertices of each outline, N >= 3.
    """

    rings: tuple[NDArray[Any], ...]

    @cached_property
    def bounds(self) -> Bounds:
        """The upright rectangle around it."""
        return _bounds(np.concatenate(self.rings))


@dataclass(frozen=True)
class Mask:
    """Pixels.

    Attributes:
        left, top: Where its first pixel lies in the image.
        pixels: (h, w) bool; its first and last rows and columns are not empty.
    """

    left: int
    top: int
    pixels: NDArray[Any]

    @property
    def bounds(self) -> Bounds:
        """The upright rectangle around it."""
        height, width = self.pixels.shape
        return float(self.left), float(self.top), float(self.left + width), float(self.top + height)


@dataclass(frozen=True)
class Point:
    """A place; how large the target is, is not known."""

    x: float
    y: float

    @property
    def bounds(self) -> Bounds:
        """The point itself: no width, no height."""
        return self.x, self.y, self.x, self.y


Shape = Box | Polygon | Mask | Point


def _bounds(points: NDArray[Any]) -> Bounds:
    (x1, y1), (x2, y2) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return x1, y1, x2, y2


def mask_of(pixels: NDArray[Any], left: int = 0, top: int = 0) -> Mask | None:
    """The pixels that are set.

    Args:
        pixels: (H, W); not 0 where set.
        left: Column of its first pixel in the image.
        top: Row of its first pixel in the image.

    Returns:
        None when none is.
    """
    x, y, width, height = cv2.boundingRect((np.asarray(pixels) != 0).astype(np.uint8))
    if not width:
        return None
    return Mask(left + x, top + y, np.asarray(pixels)[y : y + height, x : x + width] != 0)


def scale(shape: Shape, horizontal: float, vertical: float) -> Shape:
    """The shape in an image of another size; a turned box becomes the polygon of its corners.

    Args:
        shape: In the image of the old size.
        horizontal: New width by old width.
        vertical: New height by old height.
    """
    factors = np.array([horizontal, vertical])
    if isinstance(shape, Point):
        return Point(shape.x * horizontal, shape.y * vertical)
    if isinstance(shape, Polygon):
        return Polygon(tuple(ring * factors for ring in shape.rings))
    if isinstance(shape, Box):
        if shape.angle:
            return Polygon((shape.corners * factors,))
        return Box(shape.x1 * horizontal, shape.y1 * vertical, shape.x2 * horizontal, shape.y2 * vertical)
    x1, y1, x2, y2 = (value * factor for value, factor in zip(shape.bounds, (*factors, *factors)))
    left, top = math.floor(x1), math.floor(y1)
    # which old pixel holds the center of each new one
    columns = np.floor((np.arange(left, math.ceil(x2)) + 0.5) / horizontal).astype(int) - shape.left
    rows = np.floor((np.arange(top, math.ceil(y2)) + 0.5) / vertical).astype(int) - shape.top
    inside = np.outer((rows >= 0) & (rows < shape.pixels.shape[0]), (columns >= 0) & (columns < shape.pixels.shape[1]))
    pixels = shape.pixels.take(rows, axis=0, mode='clip').take(columns, axis=1, mode='clip') & inside
    # a target that fell between the new pixels keeps one
    return mask_of(pixels, left, top) or Mask(
        math.floor((x1 + x2) / 2), math.floor((y1 + y2) / 2), np.ones((1, 1), bool)
    )


def cut(shape: Shape, height: int, width: int) -> Shape | None:
    """What of a shape lies in an image; a turned box that reaches out becomes a polygon.

    Returns:
        The shape itself where all of it does, None where nothing does.
    """
    x1, y1, x2, y2 = shape.bounds
    if isinstance(shape, Point):
        return shape if 0 <= x1 <= width and 0 <= y1 <= height else None
    if min(x1, y1) >= 0 and x2 <= width and y2 <= height:
        return shape
    if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
        return None
    if isinstance(shape, Mask):
        top, left = max(-shape.top, 0), max(-shape.left, 0)
        pixels = shape.pixels[top : max(height - shape.top, 0), left : max(width - shape.left, 0)]
        return mask_of(pixels, shape.left + left, shape.top + top)
    if isinstance(shape, Box) and not shape.angle:
        return Box(max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    rings = shape.rings if isinstance(shape, Polygon) else (shape.corners,)
    kept = tuple(ring for ring in (_cut_ring(ring, height, width) for ring in rings) if len(ring) >= 3)
    return Polygon(kept) if kept else None


def _cut_ring(ring: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Sutherland and Hodgman: cut by one side of the image after the other."""
    for axis, limit, sign in ((0, 0, 1), (0, width, -1), (1, 0, 1), (1, height, -1)):
        kept: list[NDArray[Any]] = []
        for before, point in zip(np.roll(ring, 1, axis=0), ring):
            inside, was_inside = (sign * (place[axis] - limit) >= 0 for place in (point, before))
            if inside != was_inside:
                kept.append(before + (point - before) * ((limit - before[axis]) / (point[axis] - before[axis])))
            if inside:
                kept.append(point)
        ring = np.array(kept).reshape(-1, 2)
        if not len(ring):
            break
    return ring


def filled(shape: Box | Polygon | Mask, height: int, width: int, ellipse: bool = True) -> Mask | None:
    """The pixels of a target, at least one.

    A pixel belongs to a box, or to the ellipse in it, if its center does. The pixels along the axes of an ellipse
    belong to it up to the sides of the box, so the box around the pixels is the box that was given. Polygons are filled
    by pycocotools, as COCO's own code does; on outlines along pixel edges that is exact.

    Args:
        shape: What marks the target.
        height: Of the image, pixels; what lies outside is cut.
        width: Of the image, pixels.
        ellipse: A box stands for the ellipse in it; False: for all of its pixels.

    Returns:
        None where nothing of the shape lies in the image.
    """
    if isinstance(shape, Mask):
        visible = cut(shape, height, width)
        return visible if isinstance(visible, Mask) else None
    x1, y1, x2, y2 = shape.bounds
    left, top = max(math.floor(x1), 0), max(math.floor(y1), 0)
    right, bottom = min(math.ceil(x2), width), min(math.ceil(y2), height)
    if right <= left or bottom <= top:
        return None
    if isinstance(shape, Box):
        u, v, axes = _inner(shape, left, top, right, bottom)
        inside = (u >= -1) & (u < 1) & (v >= -1) & (v < 1)
        pixels = (u * u + v * v <= 1) | (axes & inside) if ellipse else inside
    else:
        pixels = _fill_rings([ring - (left, top) for ring in shape.rings], bottom - top, right - left)
    found = mask_of(pixels, left, top)
    if found is None:  # it fell between the centers of pixels
        column = min(max(math.floor((x1 + x2) / 2), left), right - 1)
        row = min(max(math.floor((y1 + y2) / 2), top), bottom - 1)
        found = Mask(column, row, np.ones((1, 1), bool))
    return found


def _inner(box: Box, left: int, top: int, right: int, bottom: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Places of pixel centers in a box, -1 to 1 from side to side, and which are within half a pixel of an axis."""
    x = np.arange(left, right)[None, :] + 0.5 - (box.x1 + box.x2) / 2
    y = np.arange(top, bottom)[:, None] + 0.5 - (box.y1 + box.y2) / 2
    cosine, sine = math.cos(math.radians(box.angle)), math.sin(math.radians(box.angle))
    half_width, half_height = max((box.x2 - box.x1) / 2, 1e-9), max((box.y2 - box.y1) / 2, 1e-9)
    across, down = x * cosine + y * sine, y * cosine - x * sine
    return across / half_width, down / half_height, (np.abs(across) <= 0.5) | (np.abs(down) <= 0.5)


def _fill_rings(rings: list[NDArray[Any]], height: int, width: int) -> NDArray[Any]:
    from pycocotools import mask as coco_mask

    runs = coco_mask.frPyObjects([ring.ravel().tolist() for ring in rings], height, width)
    return np.asarray(coco_mask.decode(coco_mask.merge(runs)), bool)


def soft_spot(box: Box, height: int, width: int) -> tuple[int, int, NDArray[Any]]:
    """A Gaussian in a box: 1 in its center, one half where the ellipse in it ends.

    So the pixels of at least one half are those of the ellipse (:func:`filled`). Those at its tips are raised to one
    half; of a target that falls between the centers of pixels, one pixel is 1.

    Args:
        box: The target.
        height: Of the image, pixels.
        width: Of the image, pixels.

    Returns:
        Left, top, and (h, w) float64 of 0 to 1, down to where 8 bits know no more of it.
    """
    # 2 ** -(3 ** 2) is 0.5 of a code of 255
    x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    reach = Box(x + 3 * (box.x1 - x), y + 3 * (box.y1 - y), x + 3 * (box.x2 - x), y + 3 * (box.y2 - y), box.angle)
    x1, y1, x2, y2 = reach.bounds
    left, top = min(max(math.floor(x1), 0), width - 1), min(max(math.floor(y1), 0), height - 1)
    right, bottom = max(min(math.ceil(x2), width), left + 1), max(min(math.ceil(y2), height), top + 1)
    u, v, _ = _inner(box, left, top, right, bottom)
    values = np.exp2(-(u * u + v * v))
    core = filled(box, height, width)
    if core is not None:
        rows, columns = core.pixels.shape
        part = values[core.top - top : core.top - top + rows, core.left - left : core.left - left + columns]
        np.maximum(part, 0.5 if values.max() >= 0.5 else 1.0, out=part, where=core.pixels)
    return left, top, values
