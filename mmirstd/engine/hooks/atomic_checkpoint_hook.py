"""Checkpoints that are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import copy
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
from mmirstd.utils.config_parts import is_mmengines
from mmirstd.utils.errors import CheckpointError
from mmirstd.utils.files import atomic_path

from ..checkpoint_files import newest_checkpoint

_BACKEND = 'mmirstd_atomic'
#: What the hook notes of the best checkpoint before it writes it.
_BEST = ('best_ckpt_path', 'best_ckpt_path_dict', 'best_ckpt', 'best_score')


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
    than ``max_keep_ckpts``. The tools use it in place of ``CheckpointHook``; its arguments are the same, and one more.
    Other storages than local files are left to mmengine.

    Args:
        *args: Of ``CheckpointHook``.
        full_disk: What happens when a checkpoint cannot be written. ``'stop'``: the training ends with a message.
            ``'go_on'``: it is logged, and the next checkpoint is tried in its turn.
        **kwargs: Of ``CheckpointHook``.

    Raises:
        ValueError: Another ``full_disk``.
    """

    file_backend: Any  # of mmengine's hook

    def __init__(self, *args: Any, full_disk: str = 'stop', **kwargs: Any) -> None:
        if full_disk not in ('stop', 'go_on'):
            raise ValueError(f"AtomicCheckpointHook: full_disk={full_disk!r}; expected 'stop' or 'go_on'")
        super().__init__(*args, **kwargs)
        self.full_disk = full_disk

    def before_train(self, runner: Runner) -> None:
        """Choose the writer, and clear what a process that was killed had half written."""
        super().before_train(runner)
        if type(self.file_backend) is LocalBackend:
            self.backend_args = dict(backend=_BACKEND)
            if is_main_process():
                for part in Path(self.out_dir).glob('.*.part.pth'):
                    part.unlink(missing_ok=True)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        with self._whole(runner, 'last_ckpt', 'keep_ckpt_ids'):
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._whole(runner, *_BEST):
            super()._save_best_checkpoint(runner, metrics)

    @contextmanager
    def _whole(self, runner: Runner, *noted: str) -> Iterator[None]:
        """Remove what is outdated only when the new file is there; explain why one cannot be written.

        Args:
            runner: Of the training.
            noted: Attributes, and entries of the message hub, that mmengine changes before it writes.

        Raises:
            CheckpointError: It cannot be written.
        """
        backend = self.file_backend
        self.file_backend = later = _RemovalsLater(backend)
        own = {name: copy.copy(getattr(self, name)) for name in noted if hasattr(self, name)}
        hub = runner.message_hub.runtime_info
        shared = {key: copy.copy(value) for key, value in hub.items() if key.startswith(noted)}
        try:
            yield
        except OSError as error:
            if self.full_disk == 'stop':
                raise CheckpointError(_explained(error, self.out_dir)) from error
            self.__dict__.update(own)
            for key in [key for key in hub if key.startswith(noted)]:
                del hub[key]
            hub.update(shared)
            runner.logger.error(f'{_explained(error, self.out_dir)}\n  the training goes on (full_disk)')
            return
        finally:
            self.file_backend = backend
        best = getattr(self, 'best_ckpt_path', None), *getattr(self, 'best_ckpt_path_dict', {}).values()
        later.carry_out(keep={str(path) for path in (self.last_ckpt, *best) if path})


def save_whole(runner: Runner, filename: str, meta: dict[str, Any]) -> None:
    """Save a checkpoint into the work dir, apart from those that the hook counts.

    Args:
        runner: Of the training.
        filename: Without folder.
        meta: ``epoch``, ``iter`` and what else goes there.

    Raises:
        CheckpointError: It cannot be written; what was there stays.
    """
    try:
        runner.save_checkpoint(
            runner.work_dir, filename, meta=meta, by_epoch=False, backend_args=dict(backend=_BACKEND)
        )
    except OSError as error:
        raise CheckpointError(_explained(error, runner.work_dir)) from error


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
    if hook and is_mmengines(hook, 'CheckpointHook'):
        cfg.default_hooks['checkpoint'] = dict(hook, type='mmirstd.AtomicCheckpointHook')
