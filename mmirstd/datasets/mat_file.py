"""MATLAB files of version 5 to 7 from strangers, looked through before SciPy reads them.

SciPy looks the types of a file's elements up in a table without asking whether they are in it: a damaged file ends the
process. So every tag is checked here first.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Any

#: Types of data: integers and floats, texts; and what holds further elements.
_PLAIN = frozenset((1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 16, 17, 18))
_MATRIX, _COMPRESSED = 14, 15
#: Classes of matrices whose parts are numbers: sparse, and double to uint64.
_NUMERIC_CLASSES = frozenset(range(5, 16))
#: Of what is compressed; and of matrices in matrices.
_MOST_BYTES = 2**30
_DEEPEST = 50


def load_mat(path: str | os.PathLike[str], **options: Any) -> dict[str, Any]:
    """``scipy.io.loadmat`` for files that may be damaged.

    Args:
        path: The file.
        options: As SciPy has them.

    Raises:
        ValueError: A tag in it is wrong. SciPy raises other kinds, too.
        NotImplementedError: It is of version 7.3.
    """
    from scipy.io import loadmat

    data = Path(path).read_bytes()
    if len(data) > 128 and 0 not in data[:4] and 1 in data[124:126]:
        _check(memoryview(data)[128:], '<' if data[126:128] == b'IM' else '>')
    content: dict[str, Any] = loadmat(os.fspath(path), **options)
    return content


def _check(data: memoryview, order: str, depth: int = 0, numeric: bool = False) -> None:
    """Go through elements one after the other.

    Args:
        data: Their bytes.
        order: Of bytes, as :mod:`struct` names it.
        depth: Matrices around them.
        numeric: Whether they are parts of a matrix of numbers.
    """
    if depth > _DEEPEST:
        raise ValueError('matrices in matrices without end')
    position = 0
    while position + 8 <= len(data):
        kind, size = struct.unpack_from(f'{order}II', data, position)
        start = position + 8
        if kind >> 16:  # a small element: its size stands beside its type, and its data in place of the size
            kind, size, start = kind & 0xFFFF, kind >> 16, position + 4
            if size > 4:
                raise ValueError(f'a small element of {size} bytes')
        if kind not in _PLAIN and (numeric or kind not in (_MATRIX, _COMPRESSED)):
            raise ValueError(f'an element of the type {kind}')
        if start + size > len(data):
            raise ValueError(f'an element of {size} bytes, and only {len(data) - start} are left')
        part = data[start : start + size]
        if kind == _COMPRESSED:
            if depth:
                raise ValueError('something compressed in a matrix')
            unpacker = zlib.decompressobj()
            unpacked = unpacker.decompress(part, _MOST_BYTES)
            if unpacker.unconsumed_tail:
                raise ValueError(f'more than {_MOST_BYTES:,} bytes when it is unpacked')
            _check(memoryview(unpacked), order, depth + 1)
        elif kind == _MATRIX and size:
            _check_matrix(part, order, depth + 1)
        # numbers are filled up to eight bytes, what is compressed is not
        if start == position + 4:
            position += 8
        elif kind == _COMPRESSED:
            position = start + size
        else:
            position = start + -(-size // 8) * 8


def _check_matrix(data: memoryview, order: str, depth: int) -> None:
    """The flags tell what a matrix is made of."""
    if len(data) < 16:
        raise ValueError('a matrix without flags')
    kind, size, flags = struct.unpack_from(f'{order}III', data)
    if (kind, size) != (6, 8):
        raise ValueError(f'a matrix that begins with an element of the type {kind}')
    _check(data[16:], order, depth, numeric=flags & 0xFF in _NUMERIC_CLASSES)
