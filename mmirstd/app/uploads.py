"""Files from people one does not know: what is accepted, and how large it may be, before anything is decoded."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import cv2

from mmirstd.apis.inputs import Source
from mmirstd.datasets.image_container import check_container, claimed_size
from mmirstd.datasets.image_io import IMAGE_SUFFIXES
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


@dataclass(frozen=True)
class UploadedFile(Source):
    """A file that was sent here; called by its own name, not by where it was put.

    Attributes:
        max_frames: Frames to look at; None for an image.
    """

    max_frames: int | None = None

    @property
    def label(self) -> str:
        """The file's name."""
        return Path(self.location).name


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
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise MissingDataError(
            f'{name}: is no longer there, uploads are removed after a while; upload it again'
        ) from None
    if size > limits.megabytes * 2**20:
        raise DataError(f'{name}: {size / 2**20:.1f} MB; the limit is {limits.megabytes:g} MB (--max-upload-mb)')
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
