"""Frames of one's own: folders as they are, videos decoded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmirstd.apis.frame_stream import FrameStream
from mmirstd.apis.inputs import Source
from mmirstd.datasets.image_io import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from mmirstd.datasets.sequences import natural_key
from mmirstd.utils.errors import DataError, MissingDataError, first_few
from mmirstd.utils.files import save_png, write_json
from mmirstd.utils.json_text import parse_json

_FILE = 'decoded.json'
_UNFINISHED = '.unfinished'


def find_videos(place: Path) -> list[Path]:
    """The video that a path is, or the videos below a folder, in natural order.

    Raises:
        MissingDataError: There is nothing at the path.
    """
    if not place.exists():
        raise MissingDataError(f'{place}: no such file or folder')
    found = [place] if place.is_file() else [path for path in place.rglob('*') if path.is_file()]
    videos = [path for path in found if path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith('.')]
    return sorted(videos, key=lambda path: natural_key(str(path)))


def decode_videos(videos: list[Path], root: Path, out: Path, first: int = 0, begun: bool = False) -> list[str]:
    """Write the frames of videos as ``out/VIDEO/000000.png``.

    ``out/decoded.json`` tells of which file each folder is. Frames of the same file and numbers are kept, others are
    decoded anew, and those of videos that are gone are removed.

    Args:
        videos: The files.
        root: The folder below which their names are unique.
        out: Folder of the frames.
        first: Number of a video's first frame.
        begun: A training has begun with the frames that are there: they stay as they are.

    Returns:
        What is to be said, a line each.

    Raises:
        DataError: Two videos have one name, one cannot be read, or ``out`` has images that are of none.
    """
    names = [path.relative_to(root).with_suffix('').as_posix() for path in videos]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f'{root}: {names.count(twice[0])} videos are called {twice[0]}', cure='rename all but one')
    wanted = {name: _about(path, first) for name, path in zip(names, videos)}
    decoded = _Decoded(out)
    if begun and out.is_dir():
        return [f'the frames with which the training began are kept: {out}', *decoded.changes(wanted)]
    notes = decoded.remove_gone(wanted)
    decoded.check_rest()
    for path, name in zip(videos, names):
        if not decoded.has(name, wanted[name]):
            count, problem = decoded.decode(path, name, wanted[name])
            if problem:
                notes.append(f'{path}: {problem}; the {count} frames before it are used')
    total = sum(1 for name in names for path in (out / name).iterdir() if path.is_file())
    return [f'{len(videos)} videos: {total} frames, numbered from {first}, are in {out}', *notes]


def _about(path: Path, first: int) -> dict[str, Any]:
    """What tells whether frames are still those of a video."""
    status = path.stat()
    return dict(video=str(path.absolute()), bytes=status.st_size, changed_ns=status.st_mtime_ns, first=first)


class _Decoded:
    """Folders of frames, and of which videos they are.

    Args:
        out: The folder that holds them.
    """

    def __init__(self, out: Path) -> None:
        self._out, self._file = out, out / _FILE
        text = self._file.read_text(encoding='utf-8') if self._file.is_file() else '{}'
        # Name -> what :func:`_about` says, and whether the frames are complete.
        self._videos: dict[str, dict[str, Any]] = parse_json(text)

    def has(self, name: str, about: Mapping[str, Any]) -> bool:
        """Whether the frames of a video are there."""
        return self._videos.get(name) == dict(about, whole=True) and (self._out / name).is_dir()

    def changes(self, wanted: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """What is to be said of frames that stay though the videos are others; nothing where that is not known."""
        if not self._videos:
            return []
        changed = [name for name, about in wanted.items() if not self.has(name, about)]
        changed += sorted(set(self._videos) - set(wanted))
        if not changed:
            return []
        return [
            f'{len(changed)} videos were changed, added or removed since the training began:\n{first_few(changed)}\n'
            'It goes on with the frames of before. To train with the videos as they are now, name another folder '
            'with --out'
        ]

    def remove_gone(self, wanted: Mapping[str, Any]) -> list[str]:
        """Remove the frames of videos that are no longer there; what is to be said."""
        gone = sorted(set(self._videos) - set(wanted))
        for name in gone:
            self._remove(name)
            del self._videos[name]
            self._write()
        return [f'{len(gone)} videos are gone, and their frames were removed:\n{first_few(gone)}'] if gone else []

    def check_rest(self) -> None:
        """See that each image is of a video.

        Raises:
            DataError: One is not: it would be trained on.
        """
        for image in sorted(path for path in self._out.rglob('*') if path.suffix.lower() in IMAGE_SUFFIXES):
            folder = image.parent.relative_to(self._out).as_posix()
            if folder.removesuffix(_UNFINISHED) not in self._videos:
                raise DataError(
                    str(image),
                    found='an image that this command did not decode, or that an earlier version did',
                    expected=f'frames of the videos alone in {self._out}',
                    cure='name another folder with --out, or remove this one',
                )

    def decode(self, path: Path, name: str, about: Mapping[str, Any]) -> tuple[int, str | None]:
        """Write the frames of a video in place of those that are there.

        Returns:
            How many, and why not more.

        Raises:
            DataError: There is none.
        """
        self._videos[name] = dict(about, whole=False)  # so that what a killed call leaves is known as its own
        self._write()
        self._remove(name)
        folder, unfinished = self._out / name, self._unfinished(name)
        unfinished.mkdir(parents=True)
        count = 0
        with FrameStream(Source('video', os.fspath(path), path.stem)) as stream:
            for frame in stream:
                save_png(unfinished / f'{about["first"] + count:06d}.png', frame)
                count += 1
        if not count:
            shutil.rmtree(unfinished)
            raise DataError(f'{path}: no frame can be decoded ({stream.problem or "it is empty"})')
        folder.mkdir(exist_ok=True)  # there may be frames of a video of a folder of this name
        for frame_file in unfinished.iterdir():
            frame_file.rename(folder / frame_file.name)
        unfinished.rmdir()
        self._videos[name]['whole'] = True
        self._write()
        return count, stream.problem

    def _unfinished(self, name: str) -> Path:
        return self._out / (name + _UNFINISHED)

    def _remove(self, name: str) -> None:
        """Remove the frames of a video, and folders that are empty then."""
        shutil.rmtree(self._unfinished(name), ignore_errors=True)
        folder = self._out / name
        if not folder.is_dir():
            return
        for path in folder.iterdir():
            if path.is_file():
                path.unlink()
        while folder != self._out and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def _write(self) -> None:
        write_json(self._file, self._videos)
