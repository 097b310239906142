"""From what a user names (files, folders, patterns, arrays, videos, cameras) to single sources, listed lazily."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmirstd.datasets.image_io import (
    IMAGE_SUFFIXES,
    PAGED_SUFFIXES,
    VIDEO_SUFFIXES,
    page_count,
    plain_type,
    read_image,
    to_one_channel,
)
from mmirstd.datasets.sequences import natural_key
from mmirstd.utils.errors import DataError, MissingDataError

#: Images: what :mod:`mmirstd.datasets.image_io` reads, and arrays saved by NumPy.
STILL_SUFFIXES: tuple[str, ...] = (*IMAGE_SUFFIXES, '.npy')

_URL = re.compile(r'^[A-Za-z][A-Za-z0-9+.-]+://')


@dataclass(frozen=True)
class Source:
    """One input: a single image or a sequence of frames.

    Attributes:
        kind: ``'image'``, ``'array'``, ``'video'``, ``'frames'`` (a folder of frames), ``'pages'`` (a TIFF, GIF or WEBP
            of several images), ``'live'`` (camera, URL, named pipe) or ``'stdin'``.
        location: Path, array, camera index or URL.
        name: Name for results: the path below the folder that was given, without suffix, with ``/``.
        problem: Why it cannot be read, where that is known already.
    """

    kind: str
    location: Any
    name: str
    problem: str | None = None

    @property
    def label(self) -> str:
        """What messages and results call it; an address without password and query."""
        if self.kind == 'array':
            return f'array {self.name}'
        text = str(self.location)
        return _without_secrets(text) if _URL.match(text) else text

    @property
    def path(self) -> str | None:
        """Absolute path of what lies on the disk as a file or folder; None: an array, camera, stream."""
        stored = self.kind in ('image', 'video', 'frames', 'pages')
        return os.path.abspath(str(self.location)) if stored else None

    @property
    def still(self) -> bool:
        """One image, not a sequence."""
        return self.kind in ('image', 'array')

    def read(self) -> np.ndarray:
        """The gray values of a single image, (H, W) uint8, uint16 or float32, as stored.

        Raises:
            DataError: It cannot be read; the message names it.
        """
        if self.problem is not None:
            raise DataError(self.problem)
        if self.kind == 'array':
            return gray_array(self.location, self.label)
        return read_still(self.location)


def read_still(path: str | os.PathLike[str]) -> np.ndarray:
    """The gray values (H, W) of an image file or a ``.npy`` file.

    Raises:
        DataError: It cannot be read.
    """
    if not os.fspath(path).lower().endswith('.npy'):
        return read_image(path)
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise MissingDataError(f'{path}: no such file') from None
    except Exception as error:  # NumPy raises many kinds on damaged files
        raise DataError(f'{path}: not an array that can be read ({error}); expected numpy.save of one image') from None
    return gray_array(array, str(path))


def gray_array(array: np.ndarray, label: str = 'the array') -> np.ndarray:
    """One channel (H, W) of an image array, as for a file of the same content.

    Args:
        array: (H, W), (H, W, 1), or (H, W, 3 or 4) BGR(A) as OpenCV has it; uint8, uint16, or what becomes float32
            (:func:`mmirstd.datasets.image_io.plain_type`).
        label: Name for messages.

    Raises:
        DataError: Another shape or type, or no pixel.
    """
    array = np.asarray(array)
    shapes = array.ndim == 2 or array.ndim == 3 and array.shape[2] in (1, 3, 4)
    if not shapes or not array.size:
        raise DataError(
            f'{label}: an image of shape {array.shape}; expected (H, W) or (H, W, C) with 1, 3 or 4 '
            'channels (BGR as OpenCV reads them) and at least one pixel'
        )
    return to_one_channel(plain_type(array, label))


def expand_inputs(
    inputs: Any,
    recursive: bool = False,
    sequences: bool = False,
    exclude: str | os.PathLike[str] | None = None,
    on_skip: Callable[[str], None] | None = None,
) -> Iterator[Source]:
    """Single sources of what the user gave, in order; folders are listed as they come up.

    A folder gives its images and videos in natural order (2.png before 10.png); only the names of one folder are held
    at a time.  What does not exist or holds nothing gives a source with a ``problem``, so that the others go on.

    Args:
        inputs: A path, pattern (``*``, ``**``), folder, video, URL, camera index, ``'-'`` (standard input), array, or
            a list of these.
        recursive: Descend into folders' subfolders.
        sequences: A folder's images are the frames of one sequence (``'frames'``), not single images.
        exclude: A folder to leave out: where results go.
        on_skip: Called with the path of each file in a folder that is left out because its name is none of an image or
            video; hidden files are not told.
    """
    if isinstance(inputs, (str, os.PathLike, np.ndarray)) or not isinstance(inputs, Iterable):
        inputs = [inputs]
    skip = None if exclude is None else os.path.realpath(exclude)
    arrays = 0
    for item in inputs:
        if isinstance(item, Source):
            yield item
        elif isinstance(item, np.ndarray):
            yield Source('array', item, f'{arrays:06d}')
            arrays += 1
        elif isinstance(item, (int, np.integer)) and not isinstance(item, bool):
            yield Source('live', int(item), f'camera{int(item)}')
        elif isinstance(item, (str, os.PathLike)):
            yield from _expand_path(os.fspath(item), recursive, sequences, skip, on_skip or (lambda path: None))
        else:
            yield Source(
                'image',
                str(item),
                'unknown',
                f'an input of type {type(item).__name__}; expected a path, an array or a camera index',
            )


def _expand_path(
    text: str, recursive: bool, sequences: bool, skip: str | None, on_skip: Callable[[str], None]
) -> Iterator[Source]:
    if text == '-':
        yield Source('stdin', '-', 'stdin')
        return
    if _URL.match(text):
        host = re.sub(r'[^A-Za-z0-9._-]+', '_', _without_secrets(text).split('://', 1)[1]).strip('._')[:60]
        yield Source('live', text, host or 'stream')
        return
    path = os.path.expanduser(text)
    if os.path.isdir(path):
        yield from _expand_folder(path, '', recursive, sequences, skip, on_skip)
    elif os.path.lexists(path):
        yield _file(path, Path(path).stem)
    elif text.isdigit():
        yield Source('live', int(text), f'camera{text}')
    elif glob.has_magic(path):
        # The part before the first wildcard is the folder that names are relative to.
        plain = re.split(r'[*?\[]', path, maxsplit=1)[0]
        root = os.path.dirname(plain)
        found = False
        for match in sorted(glob.iglob(path, recursive=True), key=natural_key):
            if os.path.isfile(match) and not _inside(match, skip):
                found = True
                yield _file(match, Path(os.path.relpath(match, root or '.')).with_suffix('').as_posix())
        if not found:
            yield Source('image', text, 'pattern', f'{text}: no file matches this pattern')
    else:
        yield _file(path, Path(path).stem)  # reading it says that it is missing


def _expand_folder(
    folder: str, below: str, recursive: bool, sequences: bool, skip: str | None, on_skip: Callable[[str], None]
) -> Iterator[Source]:
    """The sources of a folder; at the top (``below`` empty) at least one, if only to say that there is none."""
    found = False
    try:
        with os.scandir(folder) as entries:
            listed = [(entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith('.')]
    except OSError as error:
        yield Source('image', folder, below or Path(folder).name, f'{folder}: cannot be listed: {error.strerror}')
        return
    listed.sort(key=lambda item: natural_key(item[0]))
    if sequences and frame_files(folder):
        found = True
        yield Source('frames', folder, below.rstrip('/') or Path(os.path.abspath(folder)).name)
    for name, is_dir in listed:
        path = os.path.join(folder, name)
        suffix = os.path.splitext(name)[1].lower()
        if is_dir:
            if recursive and not _inside(path, skip) and not os.path.islink(path):
                for source in _expand_folder(path, f'{below}{name}/', recursive, sequences, skip, on_skip):
                    found = True
                    yield source
        elif suffix in VIDEO_SUFFIXES or suffix in STILL_SUFFIXES:
            source = _file(path, below + os.path.splitext(name)[0])
            if not (sequences and source.kind == 'image'):  # those are frames of the folder's sequence
                found = True
                yield source
        else:
            on_skip(path)
    if not found and not below:
        subfolders = sum(is_dir for _, is_dir in listed)
        hint = (
            f'; it has {subfolders} subfolder(s), which --recursive (recursive=True) reads'
            if subfolders and not recursive
            else ''
        )
        yield Source(
            'image',
            folder,
            'folder',
            f'{folder}: no image or video in this folder, expected files ending in '
            f'{", ".join((*STILL_SUFFIXES, *VIDEO_SUFFIXES))}{hint}',
        )


def is_live(item: Any) -> bool:
    """Whether an input, or one of a list, gives its frames when it likes: a camera, address, pipe, standard input."""
    if isinstance(item, (list, tuple)):
        return any(map(is_live, item))
    if isinstance(item, Source):
        return item.kind in ('live', 'stdin')
    if not isinstance(item, (str, os.PathLike)):
        return isinstance(item, (int, np.integer))
    text = os.fspath(item)
    path = os.path.expanduser(text)
    return text == '-' or bool(_URL.match(text)) or _is_pipe(path) or text.isdigit() and not os.path.lexists(path)


def _is_pipe(path: str) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except OSError:
        return False  # missing: reading it says so


def _file(path: str, name: str) -> Source:
    suffix = os.path.splitext(path)[1].lower()
    if _is_pipe(path):
        return Source('live', path, name)
    if suffix in VIDEO_SUFFIXES:
        return Source('video', path, name)
    return Source('pages' if _has_pages(path) else 'image', path, name)


def _has_pages(path: str) -> bool:
    return path.lower().endswith(PAGED_SUFFIXES) and page_count(path) > 1


def _inside(path: str, folder: str | None) -> bool:
    real = os.path.realpath(path)
    return folder is not None and (real == folder or real.startswith(folder + os.sep))


def _without_secrets(url: str) -> str:
    """A URL without user name, password and query."""
    return re.sub(r'://[^/@]*@', '://', url).split('?', 1)[0]


def frame_files(folder: str) -> list[str]:
    """The files of a folder with one image each in natural order, as paths."""
    with os.scandir(folder) as entries:
        names = [
            entry.name
            for entry in entries
            if entry.name.lower().endswith(STILL_SUFFIXES) and not entry.name.startswith('.') and not entry.is_dir()
        ]
    paths = [os.path.join(folder, name) for name in sorted(names, key=natural_key)]
    return [path for path in paths if not _has_pages(path)]


def without_repeats(sources: Iterable[Source], on_repeat: Callable[[str], None]) -> Iterator[Source]:
    """Each file or folder once, where it comes first; cameras and streams as often as they come.

    Args:
        sources: As of :func:`expand_inputs`.
        on_repeat: Called with the path of each one that comes again.
    """
    seen: set[str] = set()
    for source in sources:
        if source.path is None:
            yield source
        elif source.path in seen:
            on_repeat(source.path)
        else:
            seen.add(source.path)
            yield source


def describe_repeated(paths: Sequence[str], shown: int = 5) -> str:
    """One line about inputs that were given more than once, see :func:`without_repeats`."""
    more = f' and {len(paths) - shown} more' if len(paths) > shown else ''
    return f'{len(paths)} input(s) were given more than once and done once: {", ".join(paths[:shown])}{more}'


def describe_skipped(paths: Sequence[str], shown: int = 5) -> str:
    """One line about files in folders that are neither images nor videos by their names, see :func:`expand_inputs`."""
    names = ', '.join(os.path.basename(path) for path in paths[:shown])
    more = f' and {len(paths) - shown} more' if len(paths) > shown else ''
    return (
        f'skipped {len(paths)} file(s) whose names are none of an image or video: {names}{more} (read are '
        f'{", ".join((*STILL_SUFFIXES, *VIDEO_SUFFIXES))})'
    )


def identity(source: Source) -> str | None:
    """What tells whether a file is still the one whose results exist: path, size and time of change.

    None for what cannot be named so (arrays, cameras, streams) or does not exist.
    """
    if source.path is None or source.problem is not None:
        return None
    paths: Sequence[str] = [source.location]
    digest = hashlib.sha256(source.path.encode('utf-8', 'surrogateescape'))
    try:
        if source.kind == 'frames':
            paths = frame_files(source.location)
        for path in paths:
            status = os.stat(path)
            digest.update(
                f'{os.path.basename(path)}\0{status.st_size}\0{status.st_mtime_ns}\0'.encode('utf-8', 'surrogateescape')
            )
    except OSError:
        return None
    return digest.hexdigest()[:32]
