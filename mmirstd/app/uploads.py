"""Files from people one does not know: what is accepted, and how large it may be, before anything is decoded."""

from __future__ import annotations

import errno
import os
import re
import shutil
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

import cv2

from mmirstd.apis.inputs import Source
from mmirstd.datasets.image_container import check_container, claimed_size
from mmirstd.datasets.image_io import IMAGE_SUFFIXES
from mmirstd.datasets.sequences import natural_key
from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import DataError, MissingDataError

from .upload_limits import UploadLimits

#: Videos by name, and how their content must begin. OpenCV's decoders know many more formats, among them play lists
#: that make them open other files and addresses.
_VIDEO_SIGNS = {
    '.mp4': rb'(?s)....(ftyp|moov|mdat|free|skip|wide)',
    '.m4v': rb'(?s)....(ftyp|moov|mdat|free|skip|wide)',
    '.mov': rb'(?s)....(ftyp|moov|mdat|free|skip|wide)',
    '.avi': rb'(?s)RIFF....AVI ',
    '.mkv': rb'\x1a\x45\xdf\xa3',
    '.webm': rb'\x1a\x45\xdf\xa3',
}
UPLOAD_SUFFIXES: tuple[str, ...] = (*IMAGE_SUFFIXES, *_VIDEO_SIGNS)
ZIP_SUFFIX = '.zip'
#: RuntimeError: a password is needed; NotImplementedError: a compression that Python does not have.
_NO_ZIP = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, UnicodeError, OSError)


@dataclass(frozen=True)
class UploadedFile(Source):
    """A file that was sent here; called by its own name, not by where it was put.

    Attributes:
        max_frames: Frames to look at; None for an image.
        shown: What it is called; empty: by its file's name.
    """

    max_frames: int | None = None
    shown: str = ''

    @property
    def label(self) -> str:
        """The file's name, with its folders in a ZIP."""
        return self.shown or Path(self.location).name


@dataclass(frozen=True)
class UploadedBatch:
    """Several images that were sent together.

    Attributes:
        name: For the files of their results.
        images: Those that can be looked at, in natural order of their names.
        refused: Name and why, of each that cannot be.
        notes: What else the person should know: files left out.
    """

    name: str
    images: list[UploadedFile]
    refused: list[tuple[str, str]]
    notes: list[str]

    def as_sequence(self, folder: Path, limits: UploadLimits) -> UploadedFile:
        """The images as the frames of one sequence, for a detector that needs the ones before.

        Args:
            folder: Where links to them are put; made here, under the batch's name.
            limits: How many frames are looked at.
        """
        frames = folder / self.name
        frames.mkdir(parents=True)
        for number, image in enumerate(self.images):
            link = frames / f'{number:06d}{Path(image.location).suffix.lower()}'
            try:
                os.link(image.location, link)
            except OSError:  # another file system
                shutil.copyfile(image.location, link)
        return UploadedFile('frames', str(frames), self.name, max_frames=limits.frames)


def accept_upload(path: str | os.PathLike[str], limits: UploadLimits) -> UploadedFile:
    """Check a file's kind and size, and its pixels by its header, which no pixel is decoded for.

    Args:
        path: Where it was put, under its own name.
        limits: What it may cost.

    Raises:
        DataError: It is empty, cut off, of another kind or too large; messages call it by its name alone.
    """
    path = Path(path)
    name, suffix = path.name, path.suffix.lower()
    if suffix not in UPLOAD_SUFFIXES:
        raise DataError(
            f'{name}: files of this kind are not read here; expected an image '
            f'({", ".join(IMAGE_SUFFIXES)}) or a video ({", ".join(_VIDEO_SIGNS)})'
        )
    _check_megabytes(path, limits)
    if suffix in _VIDEO_SIGNS:
        return UploadedFile('video', str(path), path.stem, max_frames=_check_video(path, suffix, limits))
    data = path.read_bytes()
    check_container(data, name)
    found = claimed_size(data)
    if found is None or 0 in found:
        raise DataError(
            f'{name}: its header does not say how large the image is; it is corrupt, save it again as PNG or TIFF'
        )
    _check_pixels(name, *found, limits)
    return UploadedFile('image', str(path), path.stem)


def accept_batch(paths: Sequence[str | os.PathLike[str]], limits: UploadLimits, folder: Path) -> UploadedBatch:
    """Check several files, or those in a ZIP, each as :func:`accept_upload` does; one that is refused stops no other.

    Args:
        paths: Where they were put: one ``.zip``, or files under their own names.
        limits: What each may cost, how many files, and how many pixels together.
        folder: Where images of a ZIP are put; made here.

    Raises:
        DataError: The ZIP cannot be read, or there is no image.
    """
    if len(paths) > 1:
        files = [Path(path) for path in paths]
        names, notes = _distinct([file.name for file in files])
        batch = _select('images', [(name, partial(Path, file)) for name, file in zip(names, files)], limits)
        batch.notes.extend(notes)
        return batch
    path = Path(paths[0])
    _check_megabytes(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            unpack = _Unpacking(archive, path.name, limits, folder)
            named = [(name, partial(unpack, member)) for name, member in _members(archive)]
            return _select(path.stem, named, limits)
    # RuntimeError: a password is needed; NotImplementedError: a compression that Python does not have.
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        zlib.error,
        UnicodeError,
        OSError,
    ) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # a full disk; EINVAL: a place before the start
            raise
        raise DataError(f'{path.name}: cannot be unpacked ({error}); make it again, without a password') from error


def _distinct(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names with a number where several are the same (a browser leaves out a file's folder), and what to say of it."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name] += 1
        path = PurePosixPath(name)
        distinct.append(name if seen[name] == 1 else f'{path.stem} ({seen[name]}){path.suffix}')
    repeated = [name for name, count in seen.items() if count > 1]
    if not repeated:
        return distinct, []
    return distinct, [
        f'Several files have the same name ({", ".join(repeated[:3])}{", ..." if len(repeated) > 3 else ""}) and are '
        'numbered here. A ZIP keeps the names of folders.'
    ]


def _select(title: str, named: Sequence[tuple[str, Callable[[], Path]]], limits: UploadLimits) -> UploadedBatch:
    """Those of the files that can be looked at; each is fetched only when its turn comes."""
    images = sorted(
        (item for item in named if item[0].lower().endswith(IMAGE_SUFFIXES)), key=lambda item: natural_key(item[0])
    )
    others = [name for name, _ in named if not name.lower().endswith(IMAGE_SUFFIXES)]
    if not images:
        listed = f': {", ".join(others[:3])}' if others else ''
        raise DataError(f'{title}: there is no image in it{listed}; expected {", ".join(IMAGE_SUFFIXES)}')
    batch = UploadedBatch(title, [], [], [])
    if others:
        videos = any(name.lower().endswith(tuple(_VIDEO_SIGNS)) for name in others)
        batch.notes.append(
            f'Left out, since they are no images: {len(others)} file{"s" if len(others) > 1 else ""} '
            f'({", ".join(others[:3])}{", ..." if len(others) > 3 else ""}).'
            f'{" Send a video by itself." if videos else ""}'
        )
    pixels = 0
    for number, (name, fetch) in enumerate(images):
        limit = 'that is the limit (--max-files)' if number == limits.files else ''
        if not limit:
            path = fetch()
            try:
                upload = accept_upload(path, limits)
            except DataError as error:
                batch.refused.append((name, str(error).removeprefix(f'{path.name}: ')))
                continue
            width, height = claimed_size(path.read_bytes()) or (0, 0)
            pixels += width * height
            if pixels > limits.total_pixels:
                limit = f'the limit is {limits.total_pixels:,} pixels together (four times --max-pixels)'
        if limit:
            batch.notes.append(f'Only the first {number} of {len(images)} images were looked at: {limit}.')
            break
        batch.images.append(replace(upload, name=str(PurePosixPath(name).with_suffix('')), shown=name))
    return batch


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """The files of a ZIP by name, with its folders; without hidden ones, and those that macOS adds beside each file."""
    for member in archive.infolist():
        parts = [part for part in re.split(r'[/\\]', member.filename) if part not in ('', '.', '..')]
        if parts and not member.is_dir() and not any(part.startswith(('.', '__MACOSX')) for part in parts):
            yield '/'.join(parts), member


class _Unpacking:
    """Takes files out of a ZIP one by one, under names of our own, up to a limit of bytes.

    What a ZIP says of the sizes of its files may be wrong, so what comes out is counted.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str, limits: UploadLimits, folder: Path) -> None:
        self.archive = archive
        self.name = name
        self.folder = folder
        self.limit = self.room = limits.unpacked_bytes
        self.count = 0
        folder.mkdir(parents=True)

    def __call__(self, member: zipfile.ZipInfo) -> Path:
        target = self.folder / f'{self.count}{PurePosixPath(member.filename).suffix.lower()}'
        self.count += 1
        with self.archive.open(member) as packed, target.open('wb') as file:
            while piece := packed.read(2**20):
                self.room -= len(piece)
                if self.room < 0:
                    raise DataError(
                        f'{self.name}: more than {self.limit / 2**20:g} MB when unpacked; that is the limit '
                        '(four times --max-upload-mb)'
                    )
                file.write(piece)
        return target


def _check_megabytes(path: Path, limits: UploadLimits) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise MissingDataError(
            f'{path.name}: is no longer there, uploads are removed after a while; upload it again'
        ) from None
    if size > limits.megabytes * 2**20:
        raise DataError(f'{path.name}: {size / 2**20:.1f} MB; the limit is {limits.megabytes:g} MB (--max-upload-mb)')


def _check_pixels(name: str, width: int, height: int, limits: UploadLimits) -> None:
    if width * height > limits.pixels:
        raise DataError(
            f'{name}: {width}x{height} = {width * height:,} pixels; the limit is {limits.pixels:,} '
            f'(--max-pixels). Cut out the part of interest, or use `{command_line("infer")}`, which has no limit'
        )


def _check_video(path: Path, suffix: str, limits: UploadLimits) -> int:
    with path.open('rb') as file:
        head = file.read(16)
    if not head:
        raise DataError(f'{path.name}: the file is empty (0 bytes); copy or download it again')
    if not re.match(_VIDEO_SIGNS[suffix], head):
        raise DataError(
            f'{path.name}: no {suffix[1:].upper()} video: it starts with {head!r} (the name of a file does '
            'not make it a video)'
        )
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        width, height = (int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if not capture.isOpened() or width < 1 or height < 1:
            raise DataError(
                f'{path.name}: cannot be opened as a video: it is cut off, damaged, or in a codec that '
                'OpenCV does not have; copy it again, or convert it to MP4 or Motion-JPEG AVI'
            )
    finally:
        capture.release()
    _check_pixels(path.name, width, height, limits)
    return limits.video_frames(width, height)
