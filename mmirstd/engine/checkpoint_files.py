"""Checkpoint files on disk: recognized and checked by their content, found in a work dir; nothing is unpickled."""

from __future__ import annotations

import difflib
import os
import pickletools
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlparse

from mmirstd.utils.errors import CheckpointError
from mmirstd.utils.files import is_zip

#: Ends of names by which a checkpoint is expected; none of them is an image's or a video's.
CHECKPOINT_SUFFIXES: tuple[str, ...] = (
    '.pth',
    '.pt',
    '.ckpt',
    '.pth.tar',
    '.tar',
    '.bin',
    '.pkl',
    '.pickle',
    '.safetensors',
    '.onnx',
    '.h5',
)

_URL = re.compile(r'^[\w+-]+://')
#: Members of the archive that ``torch.save`` writes.
_TORCH_MEMBERS = ('data.pkl', '.format_version', 'byteorder', 'version')
#: What a file's first bytes can say it is.
_KINDS = ('torch', 'pickle', 'safetensors')
_PICKLES_BEFORE_1_6 = 5  # magic number, protocol, system, object, storage keys
_SAFETENSORS_CURE = (
    "python -c \"import torch, safetensors.torch as s; torch.save({'state_dict': s.load_file('IN')}, 'OUT.pth')\""
)


def looks_like_checkpoint(name: str | os.PathLike[str]) -> bool:
    """Whether a user who names this means a checkpoint.

    An existing file is judged by its content, whatever its name (``my.pth.tar``, ``weights.bin``, no suffix at all),
    what does not exist, an address and a file of foreign content by the name.
    """
    text = os.fspath(name)
    if _URL.match(text):
        return urlparse(text).path.lower().endswith(CHECKPOINT_SUFFIXES)
    file = Path(text).expanduser()
    if file.is_dir():
        return False
    return text.lower().endswith(CHECKPOINT_SUFFIXES) or file.is_file() and _content(file) in _KINDS


def _content(file: Path) -> str:
    """``'torch'``, ``'pickle'``, ``'safetensors'``, ``'empty'`` or ``'foreign'``, by the first bytes."""
    with file.open('rb') as stream:
        head = stream.read(4096)
    if not head:
        return 'empty'
    if head.startswith(b'PK\x03\x04'):
        name = head[30 : 30 + int.from_bytes(head[26:28], 'little')].decode('utf-8', 'replace')
        if name.rsplit('/', 1)[-1] in _TORCH_MEMBERS:
            return 'torch'
        return 'torch' if is_zip(file) and _has_data(file) else 'foreign'
    if head[0] == 0x80 and head[1:2] in (b'\x02', b'\x03', b'\x04', b'\x05'):
        return 'pickle'
    # The length of a JSON header, and the header.
    if head[8:10] in (b'{"', b'{}') and int.from_bytes(head[:8], 'little') + 8 <= file.stat().st_size:
        return 'safetensors'
    return 'foreign'


def _has_data(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.rsplit('/', 1)[-1] == 'data.pkl' for name in archive.namelist())
    except Exception:  # as below
        return False


def checkpoint_defect(file: str | os.PathLike[str], thorough: bool = False) -> str | None:
    """Why a file cannot be loaded as a checkpoint, None for a complete one; nothing is unpickled.

    Args:
        file: An existing file.
        thorough: Also read all of it and compare the checksums, which finds blocks that a crash of the machine left
            empty.
    """
    file = Path(file)
    size, content = file.stat().st_size, _content(file)
    if content == 'empty':
        return 'is empty (0 bytes)'
    if content == 'safetensors':
        return (
            'is a safetensors file, which the tools do not read; expected a file written by torch.save.\n  cure: '
            f'pip install safetensors, then {_SAFETENSORS_CURE}'
        )
    if content == 'pickle':
        with file.open('rb') as stream:
            return None if _pickles_end(stream, size) else f'is cut off after {size} bytes (a pickle in it has no end)'
    if content == 'foreign':
        with file.open('rb') as stream:
            start = stream.read(16)
        return (
            f'is no PyTorch checkpoint; found {size} bytes that start with {start!r}, expected a zip archive (PK) '
            'or a pickle'
        )
    if not is_zip(file):
        return f'is cut off after {size} bytes (its table of contents, which is at the end, is missing)'
    try:
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip() if thorough and _has_checksums(archive) else None
    except Exception as error:  # zipfile raises whatever the damaged bytes lead it into
        return f'is damaged ({error})'
    return None if damaged is None else f'is damaged: the checksum of {damaged} in it is wrong'


def _has_checksums(archive: zipfile.ZipFile) -> bool:
    """Whether the archive was written with checksums, which torch can be told to leave out."""
    for info in archive.infolist():
        if info.filename.rsplit('/', 1)[-1] == 'version':
            try:
                archive.read(info)
            except zipfile.BadZipFile:
                return False
    return True


class _Bounded:
    """A stream that is asked for no more than it holds: a damaged length must not become so much memory."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._size = size
        self.readline = stream.readline
        self.tell = stream.tell

    def read(self, count: int) -> bytes:
        return self._stream.read(min(count, self._size))


def _pickles_end(stream: IO[bytes], size: int) -> bool:
    """Whether a file is one pickle, or those of torch's format before 1.6, each with its end.

    In the latter raw numbers follow, which only loading can check.
    """
    count = 0
    while count < _PICKLES_BEFORE_1_6 and stream.tell() < size:
        try:
            for _ in pickletools.genops(cast(IO[bytes], _Bounded(stream, size))):
                pass
        except ValueError:
            return False
        count += 1
    return count in (1, _PICKLES_BEFORE_1_6)


@dataclass(frozen=True)
class NewestCheckpoint:
    """From where a run continues.

    Attributes:
        path: The newest complete checkpoint of its work dir.
        passed_over: Newer ones that are not complete, and what is wrong with each, ``'FILE: is ...'``.
    """

    path: str
    passed_over: tuple[str, ...] = ()

    def __str__(self) -> str:
        return '\n'.join(
            [
                *(f'passed over: {text}' for text in self.passed_over),
                f'continues from {self.path}' + (', the newest complete checkpoint' if self.passed_over else ''),
            ]
        )


def find_checkpoint(path: str) -> str:
    """Check that a checkpoint file exists and is complete; URLs and mmengine's prefixes pass.

    Raises:
        CheckpointError: It is not (other checkpoints nearby are listed), or the file is no checkpoint.
    """
    if _URL.match(path):
        return path
    file = Path(path).expanduser()
    if file.is_file():
        defect = checkpoint_defect(file)
        if defect is None:
            return str(file.resolve())
        others = _nearby(file)
        cure = '' if 'cure:' in defect else '\n  cure: copy or download it again'
        if others:
            cure += (', or use' if 'cure' in cure else '\n ') + ' a complete one beside it:' + _listed(others)
        raise CheckpointError(f'checkpoint {file}: {defect}.{cure}')
    folder = file if file.is_dir() else file.parent
    what = 'is a folder' if file.is_dir() else 'does not exist'
    if not folder.is_dir():
        hint = f'\n  the folder {folder} does not exist either.'
    elif nearby := _nearby(file):
        hint = f'\n  in its folder:{_listed(nearby)}'
    else:
        hint = f'\n  the folder {folder} holds no checkpoint.'
    raise CheckpointError(f'checkpoint {path} {what}.{hint}')


def _listed(files: Iterable[str]) -> str:
    return ''.join(f'\n    {file}' for file in files)


def _nearby(file: Path, count: int = 5) -> list[str]:
    """Complete checkpoints in the folder ``file``, or beside it: similar names first, else the first few."""
    folder = file if file.is_dir() else file.parent
    if not folder.is_dir():
        return []
    names = [
        other.name
        for other in sorted(folder.iterdir())
        if other.name.lower().endswith(CHECKPOINT_SUFFIXES)
        and not other.name.startswith('.')
        and other.is_file()
        and other != file
        and checkpoint_defect(other) is None
    ]
    close = difflib.get_close_matches(file.name, names, count, cutoff=0.5)
    return [str(folder / name) for name in close or names[:count]]


def numbered_checkpoints(work_dir: str | os.PathLike[str], unit: str | None = None) -> dict[int, Path]:
    """The ``epoch_N.pth`` and ``iter_N.pth`` of a work dir by number, incomplete ones included.

    Args:
        work_dir: The folder.
        unit: ``'epoch'`` or ``'iter'`` for those alone.
    """
    pattern = re.compile(rf'(?:{unit or "epoch|iter"})_(\d+)')
    return {
        int(match.group(1)): path for path in Path(work_dir).glob('*.pth') if (match := pattern.fullmatch(path.stem))
    }


def newest_checkpoint(work_dir: str) -> NewestCheckpoint:
    """The checkpoint from which a run continues: the newest complete one that it saved in its work dir.

    The newest is the one that mmengine's ``last_checkpoint`` names (by an absolute path, which is wrong once the
    folder has been moved; then the name alone counts), and then those before it.

    Raises:
        CheckpointError: There is none, or none is complete.
    """
    folder = Path(work_dir)
    numbered = numbered_checkpoints(folder)
    candidates = [numbered[number] for number in sorted(numbered, reverse=True)]
    marker = folder / 'last_checkpoint'
    if marker.is_file():
        recorded = Path(marker.read_text(encoding='utf-8', errors='replace').strip())
        last = next((path for path in (folder / recorded.name, recorded) if path.is_file()), None)
        if last is not None:
            # A work dir may hold later epochs of an earlier run; they come last.
            number = next((n for n, path in numbered.items() if path == last), None)
            earlier = [numbered[n] for n in sorted(numbered, reverse=True) if number is not None and n < number]
            candidates = list(dict.fromkeys([last, *earlier, *candidates]))
    passed_over: list[str] = []
    for candidate in candidates:
        defect = checkpoint_defect(candidate, thorough=True)
        if defect is None:
            return NewestCheckpoint(str(candidate), tuple(passed_over))
        passed_over.append(f'{candidate}: {defect}')
    if passed_over:
        raise CheckpointError(
            f'--resume: no checkpoint in {work_dir} is complete:{_listed(passed_over)}\n  cure: start without --resume'
        )
    state = 'does not exist' if not folder.is_dir() else 'holds no checkpoint (epoch_N.pth)'
    raise CheckpointError(
        f'--resume: the work dir {work_dir} {state}.\n  cure: start without --resume, or give the '
        'checkpoint (--resume CKPT) or the right --work-dir'
    )


def best_checkpoint(work_dir: str | os.PathLike[str]) -> Path:
    """The checkpoint that validation chose, ``best_*.pth`` (the newest of several), else the newest one.

    Raises:
        CheckpointError: There is none, or none is complete.
    """
    best = sorted(Path(work_dir).glob('best_*.pth'), key=lambda path: path.stat().st_mtime)
    return best[-1] if best else Path(newest_checkpoint(os.fspath(work_dir)).path)
