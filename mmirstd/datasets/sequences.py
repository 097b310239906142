"""Sequences of frames, and which frames make the window of a key frame."""

from __future__ import annotations

import bisect
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .errors import DataError

#: What stands for a past frame that does not exist.
GAPS = {
    'hold': 'a missing past frame is replaced by the last one before it, as a display would hold it',
    'position': 'frame numbers only order the frames; the past frames are the ones before, however long ago',
    'error': 'a missing past frame is an error',
}

_LAST_NUMBER = re.compile(r'(\d+)\D*$')


@dataclass
class Frame:
    """One frame of a sequence.

    Attributes:
        path: the image file.
        number: its place in time, in frames; distinct within a sequence.
        img_id: the ID under which it is evaluated; None for a frame that is only context.
        height, width: size in pixels that the annotation claims, None where it claims nothing.
        instances: ``dict(bbox=[x1, y1, x2, y2], bbox_label, ignore_flag, ...)``, pixel edges.
        mask_path: mask from which the instances are derived when the frame is loaded.
    """

    path: str
    number: int
    img_id: int | None = None
    height: int | None = None
    width: int | None = None
    instances: list[dict] = field(default_factory=list)
    mask_path: str | None = None


@dataclass
class Video:
    """A sequence: its name, and its frames by ascending number.

    Attributes:
        name: unique in the data set.
        video_id: the annotation's, or the rank in the file.
        frames: annotated frames, and later context frames too.
    """

    name: str
    video_id: int
    frames: list[Frame] = field(default_factory=list)

    def sort(self) -> None:
        """Order the frames by number.

        Raises:
            DataError: two frames have the same number.
        """
        self.frames.sort(key=lambda frame: frame.number)
        for first, second in zip(self.frames, self.frames[1:]):
            if first.number == second.number:
                raise DataError(
                    f'sequence {self.name!r}: {first.path} and {second.path} both have the frame number '
                    f'{first.number}; expected one image per number: remove one, or correct frame_id')


def frame_number(path: str) -> int | None:
    """The last number in a file's name without its suffix (``seq/00012.png``: 12), None without any."""
    match = _LAST_NUMBER.search(os.path.splitext(os.path.basename(path))[0])
    return int(match.group(1)) if match else None


def natural_key(path: str) -> list:
    """Sort key under which ``2.png`` comes before ``10.png``."""
    return [int(part) if part.isdigit() else part for part in re.split(r'(\d+)', path)]


def window_positions(numbers: Sequence[int], position: int, num_frames: int, stride: int = 1,
                     gaps: str = 'hold') -> tuple[list[int], int]:
    """Positions of the frames of a window, oldest first, key frame last.

    The past frames are those numbered ``max(i - k * stride, first)``, k = 1 .. T-1, for a key
    frame numbered i: before the start of a sequence its first frame is repeated, as in SSTNet's
    data loader.

    Args:
        numbers: ascending frame numbers of the sequence.
        position: index of the key frame in ``numbers``.
        num_frames: T, at least 1.
        stride: distance of the frames in frame numbers, at least 1.
        gaps: a key of :data:`GAPS`; with ``'error'`` the caller raises when the count is not 0.

    Returns:
        T indices into ``numbers``, and how many of the wanted frames do not exist.
    """
    positions, missing = [], 0
    for back in range((num_frames - 1) * stride, -1, -stride):
        if gaps == 'position':
            positions.append(max(position - back, 0))
            continue
        wanted = max(numbers[position] - back, numbers[0])
        found = bisect.bisect_right(numbers, wanted) - 1
        missing += numbers[found] != wanted
        positions.append(found)
    return positions, missing
