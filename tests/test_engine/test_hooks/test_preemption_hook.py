from __future__ import annotations

import os
import random
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner

from mmirstd.engine.checkpoint_files import newest_checkpoint
from mmirstd.engine.hooks import AtomicCheckpointHook, EpochSeedHook, PreemptionHook
from tests.test_engine.small_runner import RisingScore, small_runner, two_optimizers

BATCHES = 5


class Draws(torch.utils.data.Dataset):
    """Samples that each generator has a part in."""

    def __len__(self) -> int:
        return BATCHES

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.tensor([index + random.random() + np.random.rand() + torch.rand(1).item()])


class Dropped(BaseModel):
    """A network with random numbers of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 8)

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> dict | list:
        if mode != 'loss':
            return [inputs]
        return dict(loss=torch.nn.functional.dropout(self.layer(inputs)).square().mean())


class SendSignal(Hook):
    """SIGTERM in one iteration, or in a validation."""

    priority = 'VERY_HIGH'

    def __init__(self, at: int | None, in_validation: bool = False) -> None:
        self.at, self.in_validation = at, in_validation

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if runner.iter + 1 == self.at:
            os.kill(os.getpid(), signal.SIGTERM)

    def after_val_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if self.in_validation:
            os.kill(os.getpid(), signal.SIGTERM)


def runner(work_dir: Path, hook: Hook | None = None, resume: bool = False, count: int = 1, workers: int = 0) -> Runner:
    torch.manual_seed(0)
    wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9), accumulative_counts=count)
    run = small_runner(
        work_dir,
        model=Dropped(),
        train_dataloader=dict(
            dataset=Draws(), sampler=dict(type='DefaultSampler', shuffle=True), batch_size=1, num_workers=workers
        ),
        optim_wrapper=wrapper,
        param_scheduler=dict(type='LinearLR', by_epoch=False, end=3 * BATCHES),
        randomness=dict(seed=0),
        default_hooks=dict(checkpoint=dict(type=AtomicCheckpointHook, interval=1), logger=None),
        load_from=newest_checkpoint(str(work_dir)).path if resume else None,
        resume=resume,
        experiment_name=f'{work_dir}-{resume}',
    )
    for item in (EpochSeedHook(), PreemptionHook(), *([hook] if hook else [])):
        run.register_hook(item)
    return run


@pytest.fixture(autouse=True)
def _signal_as_before():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(('at', 'count', 'saved_at'), [(1, 1, 1), (8, 1, 8), (10, 1, 10), (7, 2, 8), (7, 1, 7)])
def test_it_continues_inside_the_epoch_as_if_nothing_had_been(
    tmp_path: Path, at: int, count: int, saved_at: int
) -> None:
    whole = runner(tmp_path / 'whole', count=count)
    whole.train()
    with pytest.raises(KeyboardInterrupt):
        runner(tmp_path / 'cut', SendSignal(at), count=count).train()
    saved = tmp_path / 'cut' / 'interrupted.pth'
    assert newest_checkpoint(str(saved.parent)).path == str(saved)
    meta = torch.load(saved, weights_only=False)['meta']
    assert (meta['iter'], meta['interrupted']['batches']) == (saved_at, (saved_at - 1) % BATCHES + 1)
    again = runner(tmp_path / 'cut', resume=True, count=count)
    again.train()
    assert again.iter == whole.iter == 3 * BATCHES
    assert len(again.train_dataloader) == BATCHES
    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[key]), key
    assert not saved.is_file()


def test_in_a_validation_it_leaves_at_once(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        runner(tmp_path, SendSignal(None, in_validation=True)).train()
    assert newest_checkpoint(str(tmp_path)).path == str(tmp_path / 'epoch_1.pth')
    assert RisingScore.score == 0


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    run = runner(tmp_path, SendSignal(3))
    run.register_hook(SendSignal(3))
    with pytest.raises(KeyboardInterrupt):
        run.train()
    assert not list(tmp_path.glob('*.pth'))


def test_other_numbers_of_processes_begin_the_epoch_anew(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        runner(tmp_path, SendSignal(7)).train()
    saved = tmp_path / 'interrupted.pth'
    content = torch.load(saved, weights_only=False)
    content['meta']['interrupted']['world_size'] = 2
    torch.save(content, saved)
    run = runner(tmp_path, resume=True)
    run.train()
    assert run.iter == 7 + 2 * BATCHES


def test_with_several_optimizers_it_waits_until_all_have_updated(tmp_path: Path) -> None:
    run = small_runner(tmp_path, images=BATCHES, **two_optimizers(accumulative_counts=2))
    for item in (PreemptionHook(), SendSignal(3)):
        run.register_hook(item)
    with pytest.raises(KeyboardInterrupt):
        run.train()
    assert torch.load(tmp_path / 'interrupted.pth', weights_only=False)['meta']['iter'] == 4
