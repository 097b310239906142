"""Frames of one's own: folders as they are, videos decoded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mmirstd.apis.frame_stream import FrameStream
from mmirstd.apis.inputs import VIDEO_SUFFIXES, Source
from mmirstd.datasets.sequences import natural_key
from mmirstd.utils.errors import DataError, MissingDataError
from mmirstd.utils.files import save_png


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


def decode_videos(videos: list[Path], root: Path, out: Path, first: int = 0) -> list[str]:
    """Write the frames of videos as ``out/VIDEO/000000.png``; videos that are there already are kept.

    Args:
        videos: The files.
        root: The folder below which their names are unique.
        out: Folder of the frames.
        first: Number of a video's first frame.

    Returns:
        What is to be said, a line each.

    Raises:
        DataError: Two videos have one name, or one cannot be read.
    """
    names = [path.relative_to(root).with_suffix('').as_posix() for path in videos]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f'{root}: {names.count(twice[0])} videos are called {twice[0]}', cure='rename all but one')
    notes, total = [], 0
    for path, name in zip(videos, names):
        folder = out / name
        if not folder.is_dir():
            count, problem = _decode(path, folder, first)
            if problem:
                notes.append(f'{path}: {problem}; the {count} frames before it are used')
        total += sum(1 for _ in folder.iterdir())
    return [f'{len(videos)} videos: {total} frames, numbered from {first}, are in {out}', *notes]


def _decode(path: Path, folder: Path, first: int) -> tuple[int, str | None]:
    """Write the frames of a video; a folder gets its name when it is complete."""
    unfinished = folder.with_name(folder.name + '.unfinished')
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    count = 0
    with FrameStream(Source('video', os.fspath(path), path.stem)) as stream:
        for frame in stream:
            save_png(unfinished / f'{first + count:06d}.png', frame)
            count += 1
    if not count:
        shutil.rmtree(unfinished)
        raise DataError(f'{path}: no frame can be decoded ({stream.problem or "it is empty"})')
    unfinished.rename(folder)
    return count, stream.problem
