"""The folder a training works in: one process at a time, and what is known of a training that was interrupted."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import CheckpointError, ConfigError
from mmirstd.utils.files import write_json

#: The file by which a process keeps others out of a folder.
LOCK_NAME = '.lock'


class WorkFolder:
    """A work dir, and the parts of a training that was interrupted and continued there.

    Args:
        path: The folder; made when it is locked.
        config: Config of the training, as recorded.
        options: Its ``--cfg-options``, as recorded: another training must not go on here.
    """

    def __init__(self, path: Path, config: str, options: Sequence[str]) -> None:
        self.path = path
        self.config = config
        self.options = list(options)
        self._file = path / 'benchmark_parts.json'

    def parts(self) -> list[dict[str, Any]]:
        """``command``, ``git``, ``jobs``, ``threads``, ``wall_s`` and ``status`` (None: was not waited for) of each."""
        return json.loads(self._file.read_text())['parts'] if self._file.is_file() else []

    def trained(self) -> bool:
        """Whether a training came to its end here."""
        parts = self.parts()
        return bool(parts) and parts[-1]['status'] == 0

    def write_parts(self, parts: Sequence[dict[str, Any]]) -> None:
        """Replace them at once."""
        write_json(self._file, dict(config=self.config, options=self.options, parts=list(parts)), indent=1)

    def check(self) -> None:
        """See that the training that was begun here is this one.

        Raises:
            ConfigError: It is of another config or of other options.
        """
        if not self._file.is_file():
            return
        begun = json.loads(self._file.read_text())
        if (begun['config'], begun['options']) != (self.config, self.options):
            raise ConfigError(
                f'{self.path}: holds a training of {begun["config"]} {" ".join(begun["options"])}, '
                'which the suite has changed since.\n  cure: delete that folder'
            )

    def locked(self) -> AbstractContextManager[int]:
        """See :func:`lock_folder`."""
        return lock_folder(self.path)


@contextmanager
def lock_folder(path: Path) -> Iterator[int]:
    """Keep other processes out of a folder; gives the lock's file descriptor, for tools that shall hold it, too.

    Args:
        path: The folder; made if missing.

    Raises:
        CheckpointError: Another process works here.
    """
    path.mkdir(parents=True, exist_ok=True)
    lock = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CheckpointError(f'{path.name}: another process works in {path}') from error
        yield lock
    finally:
        os.close(lock)


def run_folder(work_dir: Path, suite: str, run: str, seed: int) -> Path:
    """``WORK_DIR/SUITE/RUN_seedK``."""
    return work_dir / suite / f'{run}_seed{seed}'
