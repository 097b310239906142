"""Decoded images and masks in RAM, shared by data-loader workers."""

from __future__ import annotations

import functools
import mmap
import multiprocessing
import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .image_io import read_image, read_mask
from .mask_values import MaskRule

_DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))
# Columns of the index: state (0 empty, 1 filled), dtype, height, width, offset.
_STATE, _DTYPE, _HEIGHT, _WIDTH, _OFFSET = range(5)


class RawCache:
    """Reads images and masks, and keeps what it decoded in bounded shared memory.

    What is kept is the raw one-channel array with its bit depth (one byte a
    pixel for most data sets), not the normalized float image.  The memory is
    one anonymous shared mapping that exists before the data loader forks: what
    one worker decodes all workers and the main process can read, and the limit
    holds for all of them together.  Pages are only taken from the system when
    they are written.  Filling is lazy, so building a data set decodes nothing.
    When the limit is reached, the remaining files are decoded each time.

    Workers started by ``spawn`` (macOS, Windows) cannot inherit the mapping:
    each then has a cache, and the limit, of its own.  So has each rank of a
    distributed run.

    Args:
        paths: The files that may be cached.
        limit_bytes: Upper bound of the memory; 0 switches caching off.
    """

    LOCK_TIMEOUT = 5.0  # seconds; the lock is held for microseconds

    def __init__(self, paths: Iterable[str], limit_bytes: int) -> None:
        self._slots = {path: slot for slot, path in enumerate(dict.fromkeys(paths))}
        self._limit = int(limit_bytes)
        self._open()

    def _open(self) -> None:
        self._arena: NDArray[np.uint8] | None = None
        if self._limit <= 0 or not self._slots:
            return
        # The last row of the index holds, in its last column, the number of bytes in use.
        index_bytes = (len(self._slots) + 1) * 5 * 8
        try:
            memory = self._map(index_bytes + self._limit)
            self._lock = multiprocessing.get_context('fork' if hasattr(os, 'fork') else None).Lock()
        except (OSError, ValueError):  # the system grants no address space or semaphore: go on without a cache
            return
        self._index = np.frombuffer(memory, np.int64, (len(self._slots) + 1) * 5).reshape(-1, 5)
        self._arena = np.frombuffer(memory, np.uint8, self._limit, index_bytes)

    @staticmethod
    def _map(size: int) -> mmap.mmap:
        if os.name == 'nt':
            return mmap.mmap(-1, size)
        # NORESERVE: address space now, memory when used.
        flags = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | getattr(mmap, 'MAP_NORESERVE', 0)
        return mmap.mmap(-1, size, flags=flags)

    @property
    def used_bytes(self) -> int:
        """Bytes of decoded data held now."""
        return 0 if self._arena is None else int(self._index[-1, _OFFSET])

    def __len__(self) -> int:
        """Number of files held now."""
        return 0 if self._arena is None else int(self._index[:-1, _STATE].sum())

    def image(self, path: str) -> NDArray[Any]:
        """The raw one-channel image (H, W), read-only; see :func:`read_image`."""
        return self._get(path, read_image)

    def mask(self, path: str, rule: MaskRule = 'auto') -> NDArray[Any]:
        """The binary mask (H, W) uint8 {0, 1}, read-only; see :func:`read_mask`. One data set has one rule."""
        return self._get(path, functools.partial(read_mask, rule=rule))

    def _get(self, path: str, read: Callable[[str], NDArray[Any]]) -> NDArray[Any]:
        slot, arena = self._slots.get(path), self._arena
        if arena is None or slot is None:
            return read(path)
        if not self._locked():
            return read(path)
        row = self._index[slot].tolist()
        self._lock.release()
        if row[_STATE]:
            return self._view(arena, row)
        array = np.ascontiguousarray(read(path))
        self._put(arena, slot, array)
        return array

    def _locked(self) -> bool:
        """Take the lock; if a worker was killed while it held it, go on without a cache."""
        if self._lock.acquire(timeout=self.LOCK_TIMEOUT):
            return True
        self._arena = None
        return False

    @staticmethod
    def _view(arena: NDArray[np.uint8], row: list[int]) -> NDArray[Any]:
        dtype = _DTYPES[row[_DTYPE]]
        size = row[_HEIGHT] * row[_WIDTH] * dtype.itemsize
        data: NDArray[Any] = arena[row[_OFFSET] : row[_OFFSET] + size].view(dtype).reshape(row[_HEIGHT], row[_WIDTH])
        data.flags.writeable = False
        return data

    def _put(self, arena: NDArray[np.uint8], slot: int, array: NDArray[Any]) -> None:
        if not self._locked():
            return
        try:
            offset = int(self._index[-1, _OFFSET])
            end = offset + -(-array.nbytes // 8) * 8  # keep every array aligned
            if self._index[slot, _STATE] or end > self._limit:
                return
            arena[offset : offset + array.nbytes] = array.reshape(-1).view(np.uint8)
            self._index[slot] = (1, _DTYPES.index(array.dtype), *array.shape, offset)
            self._index[-1, _OFFSET] = end
        finally:
            self._lock.release()

    def __deepcopy__(self, memo: dict[int, Any]) -> RawCache:
        """The same cache: mmengine deep-copies samples and data sets."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        return dict(_slots=self._slots, _limit=self._limit)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()


def cache_limit(cache: str | bool, limit_mb: float) -> int:
    """The bound of a data set's cache in bytes, from its options.

    Args:
        cache: ``'auto'``: up to ``limit_mb``, but at most a quarter of the free memory; True: up to ``limit_mb``;
            False: 0.
        limit_mb: In MiB.

    Raises:
        ValueError: Another value of ``cache``.
    """
    if cache not in ('auto', True, False):
        raise ValueError(f"cache is {cache!r}; expected 'auto', True or False")
    limit = int(limit_mb * 2**20) if cache else 0
    free = available_memory() if cache == 'auto' else None
    return limit if free is None else min(limit, free // 4)


def available_memory() -> int | None:
    """Bytes of RAM that can still be taken, within the container's limit, or None where unknown."""
    values = []
    try:
        with open('/proc/meminfo', encoding='ascii') as file:
            values += [int(line.split()[1]) * 1024 for line in file if line.startswith('MemAvailable:')]
    except OSError:
        pass
    try:  # cgroup v2: what a container may use
        with (
            open('/sys/fs/cgroup/memory.max', encoding='ascii') as limit,
            open('/sys/fs/cgroup/memory.current', encoding='ascii') as current,
        ):
            values.append(int(limit.read()) - int(current.read()))
    except (OSError, ValueError):
        pass
    return min(values) if values else None
