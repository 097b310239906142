"""YOLO's label files: one an image, a line ``class x_center y_center width height`` a target, in shares of its size."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from mmirstd.utils.errors import DataError

from .text_file import read_text


@dataclass(frozen=True)
class YoloBox:
    """A line of a label file.

    Attributes:
        label: Class index, from 0.
        x, y, width, height: Center and size as shares of the image's width and height.
        polygon: x and y of the corners, in the same shares, where the line is an outline.
    """

    label: int
    x: float
    y: float
    width: float
    height: float
    polygon: tuple[tuple[float, float], ...] | None = None

    def in_pixels(self, height: int, width: int) -> tuple[float, float, float, float]:
        """Left, top, width and height in an image of this size."""
        return (
            (self.x - self.width / 2) * width,
            (self.y - self.height / 2) * height,
            self.width * width,
            self.height * height,
        )


def find_yolo_labels(image_path: str | os.PathLike[str]) -> str | None:
    """The label file of an image: below ``labels`` where its path says ``images``, or beside it; None without one."""
    stem = os.path.splitext(os.fspath(image_path))[0]
    parts = stem.replace(os.sep, '/').split('/')
    places = [stem + '.txt']
    if 'images' in parts:
        last = len(parts) - 1 - parts[::-1].index('images')
        places.insert(0, '/'.join([*parts[:last], 'labels', *parts[last + 1 :]]) + '.txt')
    return next((place for place in places if os.path.isfile(place)), None)


def read_yolo_labels(path: str | os.PathLike[str], pixels: bool = False, pose: bool = False) -> list[YoloBox]:
    """Read a label file; an empty one is an image without targets.

    A line with more than five numbers is an outline (``class x1 y1 x2 y2 ...``); its box is the one around it.

    Args:
        path: The file.
        pixels: The numbers are pixels, not shares.
        pose: What follows the first five numbers are keypoints, which are left out.

    Raises:
        MissingDataError: No such file.
        DataError: A line that cannot be understood; the message names it.
    """
    boxes = []
    for number, line in enumerate(read_text(path, 'lines "class x_center y_center width height"').splitlines(), 1):
        tokens = line.split()
        if not tokens:
            continue
        try:
            label, values = _class_number(tokens[0]), [float(token) for token in tokens[1:]]
        except ValueError:
            raise _unreadable(path, number, line, 'with numbers') from None
        values = values[:4] if pose else values
        if len(values) == 5:
            raise _unreadable(path, number, line, 'without a sixth number (predictions have their confidence there)')
        if len(values) != 4 and (len(values) < 6 or len(values) % 2):
            raise _unreadable(path, number, line, 'or "class x1 y1 x2 y2 x3 y3 ..."')
        if not all(math.isfinite(value) and (pixels or -1e-3 <= value <= 1 + 1e-3) for value in values):
            raise _unreadable(path, number, line, 'with numbers within 0..1; are they pixels (--units pixels)?')
        if len(values) == 4:
            boxes.append(YoloBox(label, values[0], values[1], values[2], values[3]))
            continue
        xs, ys = values[0::2], values[1::2]
        (x1, x2), (y1, y2) = ((min(side), max(side)) for side in (xs, ys))
        boxes.append(YoloBox(label, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, tuple(zip(xs, ys))))
    return boxes


def _class_number(text: str) -> int:
    """Also ``0.0``, as NumPy's ``savetxt`` writes it."""
    value = float(text)
    if not (0 <= value < 2**31 and value.is_integer()):
        raise ValueError(text)
    return int(value)


def _unreadable(path: str | os.PathLike[str], number: int, line: str, expected: str) -> DataError:
    return DataError(
        f'{path}, line {number}: {line.strip()[:120]!r} is not "class x_center y_center width height" {expected}'
    )
