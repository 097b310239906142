"""Sequences of frames, and the numbers of their frames."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mmirstd.utils.errors import DataError

_LAST_NUMBER = re.compile(r'(\d+)\D*$')
#: What Roboflow puts behind a name: ``0001_png.rf.5d41402abc4b2a76b9719d911017c592.jpg`` was ``0001.png``.
_ROBOFLOW = re.compile(r'(_[a-z]+)?\.rf\.\w+$')


@dataclass
class Frame:
    """One frame of a sequence.

    Attributes:
        path: The image file.
        number: Its place in time, in frames; distinct within a sequence. None: as its name says.
        img_id: The ID under which it is evaluated; None for a frame that is only context.
        height, width: Size in pixels that the annotation claims, None where it claims nothing.
        instances: ``dict(bbox=[x1, y1, x2, y2], bbox_label, ignore_flag, ...)``, pixel edges.
        mask_path: Mask from which the instances are derived when the frame is loaded.
    """

    path: str
    number: int | None
    img_id: int | str | None = None
    height: int | None = None
    width: int | None = None
    instances: list[dict] = field(default_factory=list)
    mask_path: str | None = None

    @property
    def place(self) -> int:
        """``number``, once it is known.

        Raises:
            ValueError: It is None.
        """
        if self.number is None:
            raise ValueError(f'{self.path} has no frame number yet')
        return self.number


@dataclass
class Video:
    """A sequence: its name, and its frames by ascending number.

    Attributes:
        name: Unique in the data set.
        video_id: Unique in the data set: the annotation's where it is a number.
        frames: Annotated frames, and later context frames too.
        by_folder: Its frames are those of one folder; nothing else says that they are one sequence.
    """

    name: str
    video_id: int
    frames: list[Frame] = field(default_factory=list)
    by_folder: bool = False

    def sort(self) -> None:
        """Order the frames by number.

        Raises:
            DataError: Two frames have the same number.
        """
        self.frames.sort(key=lambda frame: frame.place)
        for first, second in zip(self.frames, self.frames[1:]):
            if first.number == second.number:
                raise DataError(
                    f'sequence {self.name!r}: {first.path} and {second.path} both have the frame number '
                    f'{first.number}; expected one image per number: remove one, or correct frame_id'
                )


def frame_number(path: str) -> int | None:
    """The last number in a file's name without its suffix (``seq/00012.png``: 12), None without any."""
    match = _LAST_NUMBER.search(_stem(path))
    # no file has so long a name, and Python does not read so long a number
    return int(match.group(1)) if match and len(match.group(1)) < 1000 else None


def name_pattern(path: str) -> tuple[str, str]:
    """What stands before and behind the last number in a file's name (``seq/sky_12b.png``: ``sky_`` and ``b``)."""
    stem = _stem(path)
    match = _LAST_NUMBER.search(stem)
    return (stem[: match.start(1)], stem[match.end(1) :]) if match else (stem, '')


def _stem(path: str) -> str:
    return _ROBOFLOW.sub('', os.path.splitext(os.path.basename(path))[0])


def number_frames(videos: Sequence[Video]) -> tuple[list[Video], list[str]]:
    """Give a number to the frames of sequences in which some have none.

    A frame's number is the last one in its name; where a sequence has names without any, frames are numbered from 0 on
    in natural order. Images of several sequences or data sets in one folder (``sky_0.png``, ``sea_0.png``) have equal
    numbers: then a folder is one sequence for each way of writing its names.

    Args:
        videos: Frames are numbered in place.

    Returns:
        The sequences, and the names of those that were split.
    """
    numbered: list[Video] = []
    split: list[str] = []
    new_id = max((video.video_id for video in videos), default=0) + 1
    for video in videos:
        numbered.append(video)
        if all(frame.number is not None for frame in video.frames):
            continue
        numbers = [frame_number(frame.path) for frame in video.frames]
        if any(number is None for number in numbers):
            video.frames.sort(key=lambda frame: natural_key(frame.path))
            numbers = list(range(len(video.frames)))
        for frame, number in zip(video.frames, numbers):
            frame.number = number
        groups: dict[tuple[str, str], list[Frame]] = {}
        if video.by_folder and len(set(numbers)) < len(numbers):
            for frame in video.frames:
                groups.setdefault(name_pattern(frame.path), []).append(frame)
        if len(groups) > 1:
            split.append(video.name)
            numbered.pop()
            for (before, behind), frames in groups.items():
                name = f'{before}*{behind}' if video.name in ('', '.') else f'{video.name}/{before}*{behind}'
                numbered.append(Video(name, new_id, frames, by_folder=True))
                new_id += 1
    return numbered, split


def natural_key(path: str) -> list:
    """Sort key under which ``2.png`` comes before ``10.png``."""
    return [int(part[:1000]) if part.isdigit() else part for part in re.split(r'(\d+)', path)]
