"""Paths of a list that were written on another machine, or from another folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath


def without_leading_folders(paths: Sequence[str], found: Callable[[str], bool]) -> tuple[list[str], str] | None:
    """Take as many leading folders off all paths as it takes to find the files, the fewest.

    ``/home/public/DAUB/images/test/data6/0.bmp`` is ``images/test/data6/0.bmp`` below the data set's root, and
    ``images/Misc_1`` is ``Misc_1`` in its folder of images.

    Args:
        paths: With forward slashes.  An absolute one is never looked for where it says: image and mask would be one
            file.
        found: Whether there is a file for such a rest of a path.  It is asked for a few paths from all over the list,
            since some may be missing; one that is found is enough.

    Returns:
        The rests, in the order of ``paths``, and what was taken off the first one (``''``: nothing); None when nothing
        is found, or when the rests would no longer be distinct.
    """
    parts = [[part for part in PurePosixPath(path).parts if part != '/'] or [''] for path in paths]
    probes = [parts[k] for k in sorted({0, len(parts) // 3, 2 * len(parts) // 3, len(parts) - 1})]
    for drop in range(max(map(len, probes))):
        if any(drop < len(probe) and found('/'.join(probe[drop:])) for probe in probes):
            rests = ['/'.join(part[min(drop, len(part) - 1) :]) for part in parts]
            return (rests, '/'.join(parts[0][:drop])) if len(set(rests)) == len(set(map(tuple, parts))) else None
    return None


def image_exists(root: str | os.PathLike[str], path: str) -> bool:
    """Whether a listed image is below ``root``; ``.bmp`` data sets are often converted to ``.png``."""
    stem, suffix = os.path.splitext(path)
    return any(os.path.isfile(os.path.join(root, stem + end)) for end in (suffix, '.png'))
