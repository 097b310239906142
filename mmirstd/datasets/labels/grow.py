"""Points become the pixels of their targets, by what is in the image."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..image_io import read_image
from ..points.click import GrowOptions, grow_from_click
from .label_set import LabeledImage, LabelSet
from .shapes import Point


def grow_points(labels: LabelSet, options: GrowOptions) -> None:
    """Replace each point by the region that grows around it (:mod:`mmirstd.datasets.points.click`), in place.

    Args:
        labels: A checked label set; points of images without a file stay.
        options: How they grow.
    """
    grown = single = 0
    for image in labels.images:
        marked = [annotation for annotation in image.annotations if isinstance(annotation.shape, Point)]
        pixels = _pixels(image) if marked else None
        if pixels is None:
            continue
        height, width = pixels.shape
        for annotation in marked:
            assert isinstance(annotation.shape, Point)
            row, column = min(int(annotation.shape.y), height - 1), min(int(annotation.shape.x), width - 1)
            annotation.shape = grow_from_click(pixels, row, column, options)
            grown += 1
            single += annotation.shape.pixels.size == 1
    if grown:
        labels.notes.append(
            f'{grown} points have grown to the pixels above {options.level:g} of the local contrast (--grow-points)'
            + (f'; {single} of them are one pixel, where little or nothing stands out' if single else '')
        )
    else:
        labels.notes.append('no target is marked by a point, so --grow-points changes nothing')


def _pixels(image: LabeledImage) -> NDArray[np.generic] | None:
    if image.path is not None:
        return read_image(image.path)
    if image.data is None:
        return None
    with Image.open(io.BytesIO(image.data)) as content:
        return np.asarray(content if len(content.getbands()) == 1 and content.mode != 'P' else content.convert('L'))
