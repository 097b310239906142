from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmirstd.engine.checkpoint_files import checkpoint_defect, newest_checkpoint
from mmirstd.engine.hooks import AtomicCheckpointHook, atomic_checkpoint_hook
from mmirstd.engine.hooks.atomic_checkpoint_hook import use_atomic_checkpoints
from mmirstd.utils.errors import CheckpointError
from tests.test_engine.small_runner import small_runner


def runner(work_dir: Path, hook: type[CheckpointHook] = AtomicCheckpointHook, **options: Any) -> Runner:
    return small_runner(work_dir, default_hooks=dict(checkpoint=dict(type=hook, interval=1, **options), logger=None))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file() and path.suffix != '.py')


@pytest.mark.parametrize('keep', [1, 2])
def test_the_same_files_as_mmengine(tmp_path: Path, keep: int) -> None:
    for hook, name in ((CheckpointHook, 'a'), (AtomicCheckpointHook, 'b')):
        runner(tmp_path / name, hook, max_keep_ckpts=keep, save_best='IoU', rule='greater').train()
    assert names(tmp_path / 'a') == names(tmp_path / 'b')
    assert len(names(tmp_path / 'b')) == keep + 2  # the best one and last_checkpoint
    for path in (tmp_path / 'b').glob('*.pth'):
        assert checkpoint_defect(path, thorough=True) is None


def full_disk(at: int) -> Callable[[Path, bytes], int]:
    """``Path.write_bytes`` that writes half of the n-th file, as a disk does that is full then."""
    written = []

    def write(path: Path, data: bytes) -> int:
        written.append(path)
        with path.open('wb') as file:
            if len(written) < at:
                return file.write(data)
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, 'No space left on device')

    return write


@pytest.mark.parametrize('keep', [1, 2])
@pytest.mark.parametrize('at', range(2, 10))  # an epoch, the best, the epoch with the best's score
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, keep: int) -> None:
    run = runner(tmp_path, max_keep_ckpts=keep, save_best='IoU', rule='greater')
    monkeypatch.setattr(Path, 'write_bytes', full_disk(at))
    with pytest.raises(CheckpointError, match=r'No space left on device \([\d.]+ MiB are free\); the newest complete'):
        run.train()
    written = list(tmp_path.glob('*.pth'))
    assert all(checkpoint_defect(path, thorough=True) is None for path in written)
    assert newest_checkpoint(str(tmp_path)).path == str(tmp_path / f'epoch_{(at - 1) // 3 + (at % 3 != 1)}.pth')
    assert bool(list(tmp_path.glob('best_*.pth'))) == (at > 2)


def test_a_disk_full_from_the_start_and_what_a_killed_process_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / '.epoch_7.123.part.pth'
    left.write_bytes(b'PK\x03\x04')
    run = runner(tmp_path)
    monkeypatch.setattr(Path, 'write_bytes', full_disk(1))
    with pytest.raises(CheckpointError, match='there is none yet'):
        run.train()
    assert list(tmp_path.glob('*.pth')) == []


def test_other_storages_are_left_alone(tmp_path: Path) -> None:
    hook = AtomicCheckpointHook(file_client_args=None, backend_args=dict(backend='local'))
    hook.before_train(runner(tmp_path))
    assert hook.backend_args == dict(backend=atomic_checkpoint_hook._BACKEND)


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        (dict(), 'mmirstd.AtomicCheckpointHook'),
        (dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=3))), 'mmirstd.AtomicCheckpointHook'),
        (dict(default_hooks=dict(checkpoint=dict(type='mine.Hook'))), 'mine.Hook'),
    ],
)
def test_config(given: dict, expected: str) -> None:
    cfg = Config(given)
    use_atomic_checkpoints(cfg)
    assert cfg.default_hooks.checkpoint.type == expected


@pytest.mark.parametrize('at', [1, 2, 3, 5, 6, 7, 8])  # an epoch, the best, the epoch with the best's score
def test_a_full_disk_can_be_lived_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    run = runner(tmp_path, max_keep_ckpts=1, save_best='IoU', rule='greater', full_disk='go_on')
    hook = next(hook for hook in run.hooks if isinstance(hook, AtomicCheckpointHook))
    fail, count = full_disk(1), []

    def write(path: Path, data: bytes) -> int:
        count.append(path)
        return fail(path, data) if len(count) == at else path.open('wb').write(data)

    monkeypatch.setattr(Path, 'write_bytes', write)
    errors: list[str] = []
    monkeypatch.setattr(run.logger, 'error', errors.append)
    run.train()
    assert len(errors) == 1
    assert 'a checkpoint cannot be written' in errors[0]
    assert 'the training goes on' in errors[0]
    files = [path.name for path in tmp_path.glob('*.pth')]
    assert all(checkpoint_defect(tmp_path / name, thorough=True) is None for name in files)
    assert newest_checkpoint(str(tmp_path)).path == str(tmp_path / 'epoch_3.pth')
    assert hook.best_ckpt_path == str(tmp_path / ('best_IoU_epoch_2.pth' if at == 8 else 'best_IoU_epoch_3.pth'))
    assert Path(hook.best_ckpt_path).name in files


def test_what_a_full_disk_does_is_chosen_by_name() -> None:
    with pytest.raises(ValueError, match="full_disk='ignore'; expected 'stop' or 'go_on'"):
        AtomicCheckpointHook(full_disk='ignore')
