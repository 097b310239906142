"""YOLO's label files: one an image, a line ``class x_center y_center width height`` a target, in shares of its size."""

from __future__ import annotations

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
    """

    label: int
    x: float
    y: float
    width: float
    height: float

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


def read_yolo_labels(path: str | os.PathLike[str]) -> list[YoloBox]:
    """Read a label file; an empty one is an image without targets.

    A line with more than five numbers is a polygon (``class x1 y1 x2 y2 ...``), which becomes its bounding box.

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
            label, values = int(tokens[0]), [float(token) for token in tokens[1:]]
            if len(values) != 4 and (len(values) < 6 or len(values) % 2):
                raise ValueError
            if not all(-1e-3 <= value <= 1 + 1e-3 for value in values):
                raise ValueError
        except ValueError:
            raise DataError(
                f'{path}, line {number}: {line.strip()[:120]!r} is not "class x_center y_center width '
                'height" with numbers within 0..1'
            ) from None
        if len(values) == 4:
            boxes.append(YoloBox(label, *values))
        else:
            xs, ys = values[0::2], values[1::2]
            boxes.append(
                YoloBox(label, (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, max(xs) - min(xs), max(ys) - min(ys))
            )
    return boxes
