from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmirstd.engine.checkpoint_files import newest_checkpoint
from mmirstd.engine.hooks import AtomicCheckpointHook, MissedValidationHook
from tests.test_engine.small_runner import small_runner


class Validations(Hook):
    """Notes the epochs that are validated, and dies in one of them."""

    def __init__(self, dies_in: int = 0) -> None:
        self.dies_in = dies_in
        self.epochs: list[int] = []

    def after_val_epoch(self, runner: Runner, metrics: Any = None) -> None:
        if runner.epoch == self.dies_in:
            raise KeyboardInterrupt
        self.epochs.append(runner.epoch)


def train(work_dir: Path, note: Validations, resume: bool = False, interval: int = 1) -> Runner:
    run = small_runner(
        work_dir,
        train_cfg=dict(by_epoch=True, max_epochs=3, val_interval=interval),
        default_hooks=dict(
            checkpoint=dict(type=AtomicCheckpointHook, interval=1, save_best='IoU', rule='greater'), logger=None
        ),
        load_from=newest_checkpoint(str(work_dir)).path if resume else None,
        resume=resume,
        experiment_name=f'{work_dir}-{resume}',
    )
    run.register_hook(note)
    run.register_hook(MissedValidationHook())
    with suppress(KeyboardInterrupt):
        run.train()
    return run


@pytest.mark.parametrize('epoch', [1, 3])
def test_an_epoch_whose_validation_was_cut_off_is_validated(tmp_path: Path, epoch: int) -> None:
    cut, again = Validations(epoch), Validations()
    train(tmp_path, cut)
    assert epoch not in cut.epochs
    assert not (tmp_path / f'best_IoU_epoch_{epoch}.pth').is_file()
    train(tmp_path, again, resume=True)
    assert again.epochs == list(range(epoch, 4))
    assert [path.name for path in tmp_path.glob('best_*')] == (
        ['best_IoU_epoch_3.pth'] if epoch == 1 else ['best_IoU_epoch_2.pth']  # RisingScore begins anew with the process
    )


def test_only_epochs_that_are_to_be_validated(tmp_path: Path) -> None:
    train(tmp_path, Validations(2), interval=2)
    (tmp_path / 'epoch_2.pth').unlink()
    again = Validations()
    train(tmp_path, again, resume=True, interval=2)
    assert again.epochs == [2, 3]
