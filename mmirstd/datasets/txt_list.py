"""SSTNet's text lists: one image and its boxes a line, ``path x1,y1,x2,y2,class ...``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from mmirstd.utils.errors import DataError, MissingDataError

from .listed_paths import image_exists, without_leading_folders
from .text_file import read_text

_BOX = re.compile(r'^[^,\s]+(,[^,\s]*){4}$')


@dataclass(frozen=True)
class ListedImage:
    """A line of a list.

    Attributes:
        path: As written, with forward slashes.
        boxes: ``(x1, y1, x2, y2)``, pixel edges.
        classes: Class index of each box, from 0.
        line: Line number in the file, from 1.
    """

    path: str
    boxes: tuple[tuple[float, float, float, float], ...]
    classes: tuple[int, ...]
    line: int


def read_txt_list(path: str | os.PathLike[str]) -> list[ListedImage]:
    """Read a list.

    UTF-8 or UTF-16, blank lines, Windows line ends, a byte-order mark, paths with spaces, and lines without boxes
    are tolerated.

    Raises:
        MissingDataError: No such file.
        DataError: A line that cannot be understood, an image listed twice, or an empty list; the message names the
            line.
    """
    lines = read_text(path, 'lines "path x1,y1,x2,y2,class ..."').splitlines()
    images: list[ListedImage] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        tokens = line.split()
        if not tokens:
            continue
        boxes = []
        while tokens and _BOX.match(tokens[-1]):
            boxes.append(tokens.pop())
        name = ' '.join(tokens).replace('\\', '/')
        try:
            values = [[float(value) for value in box.split(',')] for box in reversed(boxes)]
            classes = tuple(int(value[4]) for value in values)
        except (ValueError, OverflowError):
            values = None
        if values is None or not name or ',' in (tokens[-1] if tokens else ''):
            raise DataError(
                f'{path}, line {number}: {line.strip()[:120]!r} is not "path x1,y1,x2,y2,class ..." with '
                'five numbers a box'
            )
        if name in seen:
            raise DataError(
                f'{path}: {name} is listed twice (lines {seen[name]} and {number}); put its boxes on one line'
            )
        seen[name] = number
        images.append(ListedImage(name, tuple((x1, y1, x2, y2) for x1, y1, x2, y2, *_ in values), classes, number))
    if not images:
        raise DataError(f'{path}: the list is empty; expected lines "path x1,y1,x2,y2,class ..."')
    return images


def relative_paths(images: list[ListedImage], root: str | os.PathLike[str], strip: str | None = None) -> list[str]:
    """Where the images are below ``root``.

    The lists hold the absolute paths of the machine on which they were made
    (``/home/public/DAUB/images/test/data6/0.bmp``).

    Args:
        images: The list.
        root: The data set's folder here.
        strip: What to take off the front of each path; None: as many leading folders as it takes for one of the
            images to exist below ``root`` (the fewest).

    Returns:
        Paths relative to ``root``, with forward slashes.

    Raises:
        DataError: A path does not begin with ``strip``.
        MissingDataError: No image is found below ``root`` whatever is taken off.
    """
    if strip is not None:
        prefix = strip.replace('\\', '/').rstrip('/') + '/' if strip else ''
        for image in images:
            if not image.path.startswith(prefix):
                raise DataError(
                    f'line {image.line}: {image.path} does not begin with {prefix!r}, which is to be taken '
                    'off; correct strip'
                )
        return [image.path[len(prefix) :] for image in images]
    rests = without_leading_folders([image.path for image in images], lambda path: image_exists(root, path))
    if rests is not None:
        return rests[0]
    raise MissingDataError(
        f'{os.path.abspath(root)}: none of the listed images is there, neither as {images[0].path} nor with leading '
        'folders taken off; correct the root, or say with strip what to take off'
    )
