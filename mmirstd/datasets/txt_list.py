"""SSTNet's text lists: one image and its boxes a line, ``path x1,y1,x2,y2,class ...``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from .errors import DataError, MissingDataError

_BOX = re.compile(r'^[^,\s]+(,[^,\s]*){4}$')


@dataclass(frozen=True)
class ListedImage:
    """A line of a list.

    Attributes:
        path: as written, with forward slashes.
        boxes: ``(x1, y1, x2, y2)``, pixel edges.
        classes: class index of each box, from 0.
        line: line number in the file, from 1.
    """

    path: str
    boxes: tuple[tuple[float, float, float, float], ...]
    classes: tuple[int, ...]
    line: int


def read_txt_list(path: str | os.PathLike) -> list[ListedImage]:
    """Read a list.

    Blank lines, Windows line ends, a byte-order mark, paths with spaces, and lines without boxes are tolerated.

    Raises:
        MissingDataError: no such file.
        DataError: a line that cannot be understood, an image listed twice, or an empty list; the message names the
            line.
    """
    try:
        with open(path, encoding='utf-8-sig') as file:
            lines = file.read().splitlines()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise MissingDataError(f'{path}: no such list; expected lines "path x1,y1,x2,y2,class ..."') from None
    except UnicodeDecodeError as error:
        raise DataError(f'{path}: not a text file ({error})') from None
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
            raise DataError(f'{path}, line {number}: {line.strip()[:120]!r} is not "path x1,y1,x2,y2,class ..." with '
                            'five numbers a box')
        if name in seen:
            raise DataError(f'{path}: {name} is listed twice (lines {seen[name]} and {number}); put its boxes on one '
                            'line')
        seen[name] = number
        images.append(ListedImage(name, tuple(tuple(value[:4]) for value in values), classes, number))
    if not images:
        raise DataError(f'{path}: the list is empty; expected lines "path x1,y1,x2,y2,class ..."')
    return images


def relative_paths(images: list[ListedImage], root: str | os.PathLike, strip: str | None = None) -> list[str]:
    """Where the images are below ``root``.

    The lists hold the absolute paths of the machine on which they were made
    (``/home/public/DAUB/images/test/data6/0.bmp``).

    Args:
        images: the list.
        root: the data set's folder here.
        strip: what to take off the front of each path; None: as many leading folders as it takes for one of the
            images to exist below ``root`` (the fewest).

    Returns:
        Paths relative to ``root``, with forward slashes.

    Raises:
        DataError: a path does not begin with ``strip``.
        MissingDataError: no image is found below ``root`` whatever is taken off.
    """
    if strip is not None:
        prefix = strip.replace('\\', '/').rstrip('/') + '/' if strip else ''
        for image in images:
            if not image.path.startswith(prefix):
                raise DataError(f'line {image.line}: {image.path} does not begin with {prefix!r}, which is to be taken '
                                'off; correct strip')
        return [image.path[len(prefix):] for image in images]
    parts = [[part for part in PurePosixPath(image.path).parts if part != '/'] for image in images]
    # Some image may be missing: try a few from all over the list.
    probes = [parts[k] for k in sorted({0, len(parts) // 3, 2 * len(parts) // 3, len(parts) - 1})]
    for drop in range(max(map(len, probes))):
        for probe in probes:
            base = os.path.join(root, *probe[drop:])
            if drop < len(probe) and any(os.path.isfile(os.path.splitext(base)[0] + suffix)
                                         for suffix in ('.png', os.path.splitext(base)[1])):
                return ['/'.join(part[drop:]) for part in parts]
    raise MissingDataError(
        f'{os.path.abspath(root)}: none of the listed images is there, neither as {images[0].path} nor with leading '
        'folders taken off; correct the root, or say with strip what to take off')
