"""Checkpoints that are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmirstd.registry import HOOKS
from mmirstd.utils.errors import CheckpointError
from mmirstd.utils.files import atomic_path

from ..checkpoint_files import newest_checkpoint

_BACKEND = 'mmirstd_atomic'


class AtomicLocalBackend(LocalBackend):
    """mmengine's local files, but a file that is written replaces the old one when it is complete and on the disk."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write a file.

        Raises:
            OSError: The disk is full or the folder cannot be written to; what was at ``filepath`` stays.
        """
        with atomic_path(filepath, durable=True) as temporary:
            temporary.write_bytes(obj)


register_backend(_BACKEND, AtomicLocalBackend, force=True)


class _RemovalsLater:
    """A file backend that notes what is to be removed.

    Args:
        backend: Where everything else goes, and the removals in the end.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._noted: dict[str, str] = {}

    def remove(self, path: str) -> None:
        self._noted[str(path)] = 'remove'

    def rmtree(self, path: str) -> None:
        self._noted[str(path)] = 'rmtree'

    def carry_out(self, keep: set[str]) -> None:
        for path, how in self._noted.items():
            if path not in keep:
                getattr(self._backend, how)(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, which loses nothing when a disk is full or the machine stops.

    A checkpoint is written beside its place and takes it when it is complete, and outdated ones are removed after that,
    not before: there is always one to continue from, also with ``max_keep_ckpts=1``. So for a moment there is one more
    than ``max_keep_ckpts``. The tools use it in place of ``CheckpointHook``; its arguments are the same. Other storages
    than local files are left to mmengine.
    """

    file_backend: Any  # of mmengine's hook

    def before_train(self, runner: Runner) -> None:
        """Choose the writer, and clear what a process that was killed had half written."""
        super().before_train(runner)
        if type(self.file_backend) is LocalBackend:
            self.backend_args = dict(backend=_BACKEND)
            if is_main_process():
                for part in Path(self.out_dir).glob('.*.part.pth'):
                    part.unlink(missing_ok=True)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        with self._whole(runner):
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._whole(runner):
            super()._save_best_checkpoint(runner, metrics)

    @contextmanager
    def _whole(self, runner: Runner) -> Iterator[None]:
        """Remove what is outdated only when the new file is there; explain why one cannot be written.

        Raises:
            CheckpointError: It cannot be written.
        """
        backend = self.file_backend
        self.file_backend = later = _RemovalsLater(backend)
        try:
            yield
        except OSError as error:
            raise CheckpointError(_explained(error, self.out_dir)) from error
        finally:
            self.file_backend = backend
        best = getattr(self, 'best_ckpt_path', None), *getattr(self, 'best_ckpt_path_dict', {}).values()
        later.carry_out(keep={str(path) for path in (self.last_ckpt, *best) if path})


def _explained(error: OSError, folder: str) -> str:
    try:
        kept = (
            f'the newest complete one is {newest_checkpoint(folder).path}.\n  cure: make room, then the same '
            'command with --resume'
        )
    except CheckpointError:
        kept = 'there is none yet.\n  cure: make room, or write elsewhere with --work-dir'
    try:
        free = f' ({shutil.disk_usage(folder).free / 2**20:.1f} MiB are free)'
    except OSError:
        free = ''
    return f'{folder}: a checkpoint cannot be written: {error.strerror or error}{free}; {kept}'


def use_atomic_checkpoints(cfg: Any) -> None:
    """Have a config's ``CheckpointHook``, which the Runner adds where a config has none, write atomically; in place."""
    if cfg.get('default_hooks') is None:
        cfg.default_hooks = {}
    hook = cfg.default_hooks.get('checkpoint', dict(type='CheckpointHook', interval=1))  # the Runner's own
    if hook and hook.get('type') in ('CheckpointHook', 'mmengine.CheckpointHook', CheckpointHook):
        cfg.default_hooks['checkpoint'] = dict(hook, type='mmirstd.AtomicCheckpointHook')
