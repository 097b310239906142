"""Uploads that nobody needs any more are removed from the disk while the app runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path


def remove_old_files(folder: Path, age: float, keep: Collection[Path] = (), now: float | None = None) -> int:
    """Remove files and empty folders that did not change for a while.

    Args:
        folder: Looked through with all that is below it; it stays itself.
        age: In seconds.
        keep: Folders directly below that are left alone.
        now: Seconds since 1970; default: the clock.

    Returns:
        How many files were removed. A file that is already gone, or that cannot be removed, is passed over.
    """
    before, removed = (time.time() if now is None else now) - age, 0
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry in keep:
            continue
        is_folder = entry.is_dir() and not entry.is_symlink()
        with suppress(OSError):  # also where a folder is not empty
            # Seen before its files go; an empty one that is new is about to get a file.
            old = entry.lstat().st_ctime < before
            if is_folder:
                removed += remove_old_files(entry, age, now=now)
                if old:
                    entry.rmdir()
            elif old:
                entry.unlink()
                removed += 1
    return removed


def keep_removing_old_files(folder: Path, keep: Collection[Path], every: float = 300, age: float = 3600) -> None:
    """Do it in a thread, until the folder is gone.

    Gradio has such a task (``delete_cache``), but it dies, and the disk fills up, if a file arrives while it looks
    through its list.

    Args:
        folder: See :func:`remove_old_files`.
        keep: See there.
        every: Seconds between two times.
        age: In seconds.
    """

    def work() -> None:
        while folder.is_dir():
            with suppress(OSError):  # the folder goes when the app ends
                remove_old_files(folder, age, keep)
            time.sleep(every)

    threading.Thread(target=work, name='old uploads', daemon=True).start()
