"""Points that people set: a table (CSV, JSON) or COCO JSON with keypoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.errors import DataError, MissingDataError, first_few

from ..image_size import image_size
from ..labels import LabeledImage, ReadOptions, read_labels
from ..labels.shapes import Point

_WORDS = {'Box': 'boxes', 'Polygon': 'outlines', 'Mask': 'masks'}


def read_points(source: Path, images: Path) -> tuple[Mapping[Path, NDArray[np.int64]], list[str]]:
    """Read the points of images.

    Args:
        source: A table with the columns image, x and y (``.csv``, or a list of such objects in ``.json``), or COCO
            JSON with one keypoint a target (docs/labels.md has the details).
        images: The folder of the images.

    Returns:
        The points (N, 2), row and column of the pixel, of each listed image's resolved path; and what was ignored or
        guessed, a line each.

    Raises:
        MissingDataError: The file is missing, or names images that are not in the folder.
        DataError: It cannot be understood, or points lie outside of their image.
    """
    if not source.is_file():
        raise MissingDataError(
            f'{source}: no such file', expected='a table image,x,y (.csv or .json) or COCO JSON with keypoints'
        )
    labels = read_labels(source, None, ReadOptions(images=images, keypoints_first=True))
    unknown = [image.name for image in labels.images if image.path is None]
    if unknown:
        raise MissingDataError(
            f'{source}: {len(unknown)} of its {len(labels.images)} images are not in {images}:\n{first_few(unknown)}',
            cure='correct the names, add the images, or remove these rows',
        )
    points: dict[Path, list[tuple[int, int]]] = {}
    others = Counter[str]()
    outside: list[str] = []
    for image in labels.images:
        assert image.path is not None
        height, width = _size(image, source)
        listed = points.setdefault(image.path.resolve(), [])
        for annotation in image.annotations:
            shape = annotation.shape
            x1, y1, x2, y2 = shape.bounds
            x, y = (shape.x, shape.y) if isinstance(shape, Point) else ((x1 + x2) / 2, (y1 + y2) / 2)
            others[type(shape).__name__] += not isinstance(shape, Point)
            if not (0 <= x <= width and 0 <= y <= height):
                outside.append(f'{image.name}: ({x:g}, {y:g}) in an image of {width}x{height} pixels (width x height)')
                continue
            # the right and lower edge belong to the last pixel
            listed.append((min(int(y), height - 1), min(int(x), width - 1)))
    if outside:
        raise DataError(
            f'{source}: {len(outside)} points (x, y) lie outside of their image:\n{first_few(outside)}',
            cure='correct them; are x (to the right) and y (down) in the right order, and of these images?',
        )
    notes = list(labels.notes)
    notes += [f'{source}: of {count} {_WORDS[kind]} the center is taken' for kind, count in others.items() if count]
    return {path: np.array(found, np.int64).reshape(-1, 2) for path, found in points.items()}, notes


def _size(image: LabeledImage, source: Path) -> tuple[int, int]:
    """Height and width of the file.

    Raises:
        DataError: The labels say otherwise.
    """
    assert image.path is not None
    height, width = image_size(image.path)
    claimed = image.height or height, image.width or width
    if claimed != (height, width):
        raise DataError(
            f'{source}: {image.name} has {width}x{height} pixels (width x height), labeled as '
            f'{claimed[1]}x{claimed[0]}: its points would be in the wrong place',
            cure='take the images that were labeled',
        )
    return height, width
