"""Images of a sequence's folder that its annotation does not list: past and future frames of listed ones."""

from __future__ import annotations

import os
import os.path as osp
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence

from .image_io import IMAGE_SUFFIXES
from .sequences import Frame, Video, frame_number, name_pattern

#: A folder, and how names in it are written (:func:`~.sequences.name_pattern`).
_Series = tuple[str, tuple[str, str]]


class ImageFolders:
    """The files of folders; each folder is listed once."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}
        self._stems: dict[str, dict[str, str]] = {}

    def find(self, path: str) -> str | None:
        """The file of a path, or else the image of its name with another suffix; None where there is neither.

        ``.bmp`` data sets are often converted to ``.png``.
        """
        folder, name = osp.split(path)
        stems = self.images(folder)
        found = name if name in self._names[folder] else stems.get(osp.splitext(name)[0])
        return None if found is None else osp.join(folder, found)

    def images(self, folder: str) -> dict[str, str]:
        """The names of a folder's images, by their names without suffix."""
        if folder not in self._stems:
            names = sorted(os.listdir(folder)) if osp.isdir(folder) else []
            self._names[folder] = set(names)
            self._stems[folder] = {
                stem: name
                for name in names
                for stem, suffix in [osp.splitext(name)]
                if suffix.lower() in IMAGE_SUFFIXES
            }
        return self._stems[folder]


class FolderContext:
    """Gives sequences the unlisted images of their folders.

    An image is a sequence's when its name is written as those of the listed frames and tells its place in time. Several
    sequences may share a folder and a way of writing, their frames numbered through. Then an image is a sequence's only
    between the first and the last listed frame of this one alone: beyond, it may be of any other, of another split too.
    Where ``frame_id`` is given, nothing lies before 0.

    Args:
        videos: All sequences of the annotation, with numbers; those that are held out, too.
        folders: Their files.
    """

    def __init__(self, videos: Sequence[Video], folders: ImageFolders) -> None:
        self._folders = folders
        self._listed: set[str] = set()
        # of each series the first and the last numbers of its sequences, each in order
        self._firsts: dict[_Series, list[int]] = defaultdict(list)
        self._lasts: dict[_Series, list[int]] = defaultdict(list)
        self._unlisted: dict[str, dict[_Series, list[tuple[int, str]]]] = {}
        self._unclear: dict[str, None] = {}
        for video in videos:
            paths = [osp.normpath(folders.find(frame.path) or frame.path) for frame in video.frames]
            self._listed.update(osp.splitext(path)[0] for path in paths)
            for series, (first, last) in _ranges(paths).items():
                self._firsts[series].append(first)
                self._lasts[series].append(last)
        for numbers in (*self._firsts.values(), *self._lasts.values()):
            numbers.sort()

    @property
    def unclear(self) -> list[str]:
        """Images, found so far, that might be frames of a sequence, and are taken for none."""
        return list(self._unclear)

    def add_to(self, video: Video) -> None:
        """Add the unlisted images that are the sequence's, and put all in order."""
        ranges = _ranges([osp.normpath(frame.path) for frame in video.frames])
        folders = {osp.dirname(frame.path) for frame in video.frames}
        offsets = {frame.place - (frame_number(frame.path) or 0) for frame in video.frames}
        if len(folders) != 1 or len(offsets) != 1 or not ranges:
            return
        folder, offset = folders.pop(), offsets.pop()
        places = {frame.place for frame in video.frames}
        begin = min(0, *places) - offset
        for series, (first, last) in ranges.items():
            images = self._images(folder, series)
            if len(self._firsts[series]) > 1:
                images = images[bisect_left(images, (first, '')) : bisect_left(images, (last + 1, ''))]
                images = [(number, name) for number, name in images if self._sequences(series, number) == 1]
            else:
                early = bisect_left(images, (begin, ''))
                self._unclear.update(dict.fromkeys(osp.join(folder, name) for _, name in images[:early]))
                images = images[early:]
            for number, name in images:
                if number + offset not in places:
                    places.add(number + offset)
                    video.frames.append(Frame(osp.join(folder, name), number + offset))
        video.sort()

    def _sequences(self, series: _Series, number: int) -> int:
        """How many sequences have listed frames both before and behind a number."""
        return bisect_right(self._firsts[series], number) - bisect_left(self._lasts[series], number)

    def _images(self, folder: str, series: _Series) -> list[tuple[int, str]]:
        """Numbers, ascending, and names of a folder's images of one series that no sequence lists."""
        if folder not in self._unlisted:
            found: dict[_Series, list[tuple[int, str]]] = defaultdict(list)
            normal = osp.normpath(folder)
            for stem, name in self._folders.images(folder).items():
                number = frame_number(name)
                if number is not None and osp.normpath(osp.join(folder, stem)) not in self._listed:
                    found[normal, name_pattern(name)].append((number, name))
            for key, images in found.items():
                images.sort()
                if len(self._firsts.get(key, ())) > 1:
                    none = (name for number, name in images if self._sequences(key, number) != 1)
                    self._unclear.update(dict.fromkeys(osp.join(folder, name) for name in none))
            self._unlisted[folder] = found
        return self._unlisted[folder].get(series, [])


def _ranges(paths: Sequence[str]) -> dict[_Series, tuple[int, int]]:
    """The first and the last number in the names of a sequence's files, by series; without those that have none."""
    numbers: dict[_Series, list[int]] = defaultdict(list)
    for path in paths:
        number = frame_number(path)
        if number is not None:
            numbers[osp.dirname(path), name_pattern(path)].append(number)
    return {series: (min(each), max(each)) for series, each in numbers.items()}
