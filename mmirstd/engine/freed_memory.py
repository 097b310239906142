"""Freed memory stays with the process, so that a network's layers do not ask the system for theirs each time.

glibc gives large blocks back to the system as soon as they are freed. PyTorch on a CPU frees and asks for the memory of
each layer in each step, so the system hands out, clears and maps the same pages again and again. Measured on GGL-Net,
one thread (docs/training.md): a tenth of a training step, a quarter of an image of 1024x1024.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

#: From glibc's malloc.h, which are numbers of its interface.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_MIB = 2**20
_KEPT = {_MMAP_THRESHOLD: 1024 * _MIB, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 64 * _MIB}
#: What says that the user has chosen: glibc's own settings, or another allocator.
_CHOSEN = ('GLIBC_TUNABLES', 'LD_PRELOAD')


def keep_freed_memory(environ: Mapping[str, str] | None = None) -> bool:
    """Let this process keep up to 2 GiB of what it frees, for what it allocates next; workers forked later, too.

    The peak of memory grows by up to a fifth; after it, less goes back to the system. Nothing is done without glibc
    (macOS, Windows, musl), or where the environment sets its allocator (``MALLOC_...``, ``GLIBC_TUNABLES``,
    ``LD_PRELOAD``).

    Args:
        environ: Defaults to ``os.environ``.

    Returns:
        Whether it was done.
    """
    environ = os.environ if environ is None else environ
    if any(name in _CHOSEN or name.startswith('MALLOC_') for name in environ):
        return False
    mallopt = _mallopt()
    return mallopt is not None and all(mallopt(name, value) for name, value in _KEPT.items())


@cache
def _mallopt() -> Any:
    """glibc's function, or None."""
    if not sys.platform.startswith('linux'):
        return None
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  only glibc has it
        return library.mallopt
    except (AttributeError, OSError):
        return None
