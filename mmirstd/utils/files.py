"""Files that appear whole or not at all, and checksums."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
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


def save_png(path: str | os.PathLike[str], image: NDArray[Any]) -> None:
    """Write a PNG at once, also where OpenCV cannot open the path (non-ASCII names on some systems).

    Raises:
        ValueError: As :func:`.png.encode_png`; the message names the file.
        OSError: As :func:`atomic_path`.
    """
    from .png import encode_png  # OpenCV, which who only looks at a file does not need

    try:
        data = encode_png(image)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from None
    write_bytes(path, data)


def is_zip(file: str | os.PathLike[str] | IO[bytes]) -> bool:
    """``zipfile.is_zipfile``, which raises on some damaged tables of contents (CPython 3.11)."""
    try:
        return zipfile.is_zipfile(file)
    except zipfile.BadZipFile:
        return False


def file_sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()
