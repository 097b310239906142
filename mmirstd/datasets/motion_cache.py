"""Motions between frames, estimated once: in memory, and in a file for all processes and runs."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

#: Motions kept in memory; one takes about 400 bytes.
MOST = 2**18
#: How long one process waits for another that writes, in seconds.
WAIT = 30.0


class PassingFrame(str):
    """What identifies a frame in this process alone, such as one of a camera: its motions never go to a file."""

    __slots__ = ()


class MotionCache:
    """Remembers matrices, or that there is none, by what identifies the two frames and the estimate.

    Args:
        path: A file of SQLite that processes and runs share; None: memory alone, which each data-loader worker has for
            itself and keeps over the epochs (``persistent_workers=True``).
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = None if path is None else os.path.expanduser(os.fspath(path))
        self._memory: OrderedDict[bytes, Matrix | None] = OrderedDict()
        self._file: sqlite3.Connection | None = None
        self._owner = 0

    def matrix(self, identity: object, estimate: Callable[[], Matrix | None], lasting: bool = True) -> Matrix | None:
        """The matrix of an identity, estimated if it is not known.

        Args:
            identity: Anything whose ``repr`` stands for the two frames and the way of the estimate.
            estimate: Called where nothing is known.
            lasting: The identity means the same in other processes and runs; False: it stays in memory.
        """
        key = hashlib.sha256(repr(identity).encode()).digest()
        if key in self._memory:
            self._memory.move_to_end(key)
            return self._memory[key]
        known, matrix = self._read(key) if lasting else (False, None)
        if not known:
            matrix = estimate()
            if lasting:
                self._write(key, matrix)
        self._memory[key] = matrix
        if len(self._memory) > MOST:
            self._memory.popitem(last=False)
        return matrix

    def __len__(self) -> int:
        """Number of motions in memory."""
        return len(self._memory)

    def _connection(self) -> sqlite3.Connection | None:
        if self.path is None:
            return None
        if self._file is None or self._owner != os.getpid():  # a connection does not survive a fork
            os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
            self._file, self._owner = sqlite3.connect(self.path, timeout=WAIT), os.getpid()
            with self._file:
                self._file.execute('CREATE TABLE IF NOT EXISTS motions (key BLOB PRIMARY KEY, matrix BLOB)')
        return self._file

    def _read(self, key: bytes) -> tuple[bool, Matrix | None]:
        file = self._connection()
        row = None if file is None else file.execute('SELECT matrix FROM motions WHERE key = ?', (key,)).fetchone()
        if row is None:
            return False, None
        return True, None if row[0] is None else np.frombuffer(row[0]).reshape(3, 3).copy()

    def _write(self, key: bytes, matrix: Matrix | None) -> None:
        file = self._connection()
        if file is not None:
            with file:
                data = None if matrix is None else np.ascontiguousarray(matrix, np.float64).tobytes()
                file.execute('INSERT OR REPLACE INTO motions VALUES (?, ?)', (key, data))

    def __getstate__(self) -> dict[str, Any]:
        """Connections stay with their process."""
        return {**self.__dict__, '_file': None, '_owner': 0}

    def __deepcopy__(self, memo: dict[int, Any]) -> MotionCache:
        """The same cache: mmengine deep-copies data sets."""
        return self
