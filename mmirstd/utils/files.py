"""Files that appear whole or not at all, PNG, and checksums."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
from numpy.typing import NDArray


@contextmanager
def atomic_path(path: str | os.PathLike[str], durable: bool = False) -> Iterator[Path]:
    """A temporary path in the folder of ``path``, which takes its place when the block ends.

    The folder is made. The suffix is the same, since video writers go by it. When the block raises, the temporary file
    is removed and what was at ``path`` stays. Processes that write the same file do not disturb each other.

    Args:
        path: The file to be written.
        durable: Wait until the content is on the disk before it takes its place, so that a power failure leaves
            the old file or the new one.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.stem}.{os.getpid()}.part{path.suffix}')
    try:
        yield temporary
        if durable:
            _to_disk(temporary)
        os.replace(temporary, path)
        if durable:
            _to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    """Flush a file, or the entries of a folder where the system can do that (not on Windows)."""
    if path.is_dir() and os.name == 'nt':
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file at once; see :func:`atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a UTF-8 text at once; see :func:`atomic_path`."""
    write_bytes(path, text.encode())


def write_json(path: str | os.PathLike[str], data: Any, indent: int | None = 2) -> None:
    """Write JSON at once; see :func:`atomic_path`."""
    write_text(path, json.dumps(data, indent=indent) + '\n')


def encode_png(image: NDArray[Any], run_lengths: bool = False) -> bytes:
    """An image as PNG.

    Args:
        image: (H, W) or (H, W, 3 or 4) BGR(A), uint8 or uint16.
        run_lengths: Look for run lengths only. Noise has no longer repeats, and looking for them costs twice the time.

    Raises:
        ValueError: PNG does not hold such an image.
    """
    options = [cv2.IMWRITE_PNG_COMPRESSION, 3]
    if run_lengths:
        options += [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    try:
        done, data = cv2.imencode('.png', image, options)
    except cv2.error:
        done = False
    if not done:
        raise ValueError(f'an image of shape {image.shape}, {image.dtype} cannot be encoded as PNG')
    return data.tobytes()


def save_png(path: str | os.PathLike[str], image: NDArray[Any], run_lengths: bool = False) -> None:
    """Write a PNG at once, also where OpenCV cannot open the path (non-ASCII names on some systems).

    Raises:
        ValueError: As :func:`encode_png`; the message names the file.
        OSError: As :func:`atomic_path`.
    """
    try:
        data = encode_png(image, run_lengths)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from None
    write_bytes(path, data)


def file_sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()
