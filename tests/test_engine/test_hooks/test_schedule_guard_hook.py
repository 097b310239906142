from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmirstd.compat.checkpoint import install_safe_checkpoint_loading
from mmirstd.engine.hooks import MissedValidationHook, PreemptionHook, ScheduleGuardHook
from mmirstd.utils.errors import ConfigError
from tests.test_engine.small_runner import small_runner, two_optimizers

ONE_CYCLE = [dict(type='OneCycleLR', eta_max=0.1, by_epoch=True, convert_to_iter_based=True)]
SCHEDULES = dict(
    one_cycle=ONE_CYCLE,
    one_cycle_of_epochs=[dict(type='OneCycleLR', eta_max=0.1, by_epoch=True)],
    cosine=[dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True)],
    poly=[dict(type='PolyLR', eta_min=1e-4, power=0.9, by_epoch=True, convert_to_iter_based=True)],
    warm_up=[
        dict(type='LinearLR', start_factor=0.1, begin=0, end=1, by_epoch=True, convert_to_iter_based=True),
        dict(type='CosineAnnealingLR', eta_min=1e-5, begin=1, by_epoch=True),
    ],
    exponential=[dict(type='ExponentialLR', gamma=0.5, by_epoch=True)],
)


class Rates(Hook):
    """The learning rate of each iteration."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self.seen.append(runner.optim_wrapper.get_lr()['lr'][0])


def train(work_dir: Path, epochs: int, schedule: list, resume: bool = False, **guard: Any) -> list[float]:
    install_safe_checkpoint_loading()
    rates = Rates()
    run = small_runner(
        work_dir,
        epochs,
        images=5,
        param_scheduler=schedule,
        resume=resume,
        load_from=str(work_dir / 'epoch_2.pth') if resume else None,
        default_hooks=dict(logger=None, checkpoint=dict(type='CheckpointHook', interval=1)),
        custom_hooks=[rates, MissedValidationHook(), ScheduleGuardHook(**guard)],
    )
    run.train()
    return rates.seen


@pytest.mark.parametrize('schedule', SCHEDULES.values(), ids=list(SCHEDULES))
def test_a_longer_run_goes_on_as_if_it_had_been_longer_from_the_start(tmp_path: Path, schedule: list) -> None:
    train(tmp_path / 'short', 2, schedule)
    with pytest.raises(ConfigError, match=r'--resume: the schedule in .*(has ended|is not the config)[\s\S]*--new-sch'):
        train(tmp_path / 'short', 4, schedule, resume=True)
    whole = train(tmp_path / 'long', 4, schedule)
    longer = train(tmp_path / 'short', 4, schedule, resume=True, new_schedule=True)
    assert longer == pytest.approx(whole[10:], rel=1e-12)


class Interrupt(Hook):
    """SIGTERM in one iteration."""

    def __init__(self, at: int) -> None:
        self.at = at

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter + 1 == self.at:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize('schedule', SCHEDULES.values(), ids=list(SCHEDULES))
@pytest.mark.parametrize(('at', 'processes', 'goes_on_after'), [(7, 1, 7), (10, 1, 10), (7, 2, 5)])
def test_inside_an_epoch_the_batches_done_count(
    tmp_path: Path, schedule: list, at: int, processes: int, goes_on_after: int
) -> None:
    """Epochs of five iterations; with another number of processes one begins anew."""
    before = signal.getsignal(signal.SIGTERM)
    options = dict(default_hooks=dict(logger=None), param_scheduler=schedule, images=5)
    try:
        with pytest.raises(KeyboardInterrupt):
            small_runner(tmp_path / 'cut', 2, custom_hooks=[PreemptionHook(), Interrupt(at)], **options).train()
        saved = tmp_path / 'cut' / 'interrupted.pth'
        content = torch.load(saved, weights_only=False)
        content['meta']['interrupted']['world_size'] = processes
        torch.save(content, saved)
        rates = Rates()
        hooks = [PreemptionHook(), rates, ScheduleGuardHook(new_schedule=True)]
        small_runner(tmp_path / 'cut', 4, resume=True, load_from=str(saved), custom_hooks=hooks, **options).train()
    finally:
        signal.signal(signal.SIGTERM, before)
    whole = train(tmp_path / 'long', 4, schedule)
    assert rates.seen == pytest.approx(whole[goes_on_after:], rel=1e-12)


def test_what_the_refusal_says(tmp_path: Path) -> None:
    train(tmp_path, 2, ONE_CYCLE)
    with pytest.raises(ConfigError) as error:
        train(tmp_path, 4, ONE_CYCLE, resume=True, filename='w/epoch_2.pth')
    assert str(error.value).startswith(
        '--resume: the schedule in w/epoch_2.pth has ended, so the rest of the run would have its last rate (learning '
        'rate 4e-07).\n  OneCycleLR ends after 10 iterations in the checkpoint, 20 in the config\n'
    )


def test_the_third_cure_keeps_the_rate(tmp_path: Path) -> None:
    train(tmp_path, 2, ONE_CYCLE)
    rates = train(tmp_path, 3, [], resume=True)
    assert rates == pytest.approx([0.1 / 25 / 1e4] * 5)


def test_an_unchanged_schedule_goes_on(tmp_path: Path) -> None:
    whole = train(tmp_path, 3, ONE_CYCLE)
    assert train(tmp_path, 3, ONE_CYCLE, resume=True) == whole[10:]


@pytest.mark.parametrize(
    ('schedule', 'words'),
    [
        ([dict(ONE_CYCLE[0], pct_start=0.5)], 'schedule_phases'),
        (SCHEDULES['poly'], 'another kind in the checkpoint'),
        (ONE_CYCLE * 2, '1 schedulers in the checkpoint, 2 in the config'),
    ],
)
def test_a_changed_schedule_is_not_ignored(tmp_path: Path, schedule: list, words: str) -> None:
    train(tmp_path, 3, ONE_CYCLE)
    with pytest.raises(ConfigError, match=rf'is not the config\'s[\s\S]*{words}'):
        train(tmp_path, 3, schedule, resume=True)
    train(tmp_path, 3, schedule, resume=True, new_schedule=True)


def test_steps_that_are_all_done_may_be_followed_by_more_epochs(tmp_path: Path) -> None:
    steps = [dict(type='MultiStepLR', milestones=[1], by_epoch=True)]
    train(tmp_path, 2, steps)
    assert train(tmp_path, 3, steps, resume=True) == pytest.approx([0.01] * 5)
    with pytest.raises(ConfigError, match='milestones'):
        train(tmp_path, 4, [dict(steps[0], milestones=[1, 3])], resume=True)


def test_a_schedule_that_follows_measures_has_no_known_point(tmp_path: Path) -> None:
    plateau = [dict(type='ReduceOnPlateauLR', monitor='IoU', rule='greater', by_epoch=True)]
    train(tmp_path, 2, plateau)
    with pytest.raises(ConfigError, match='ReduceOnPlateauLR follows the measures'):
        train(tmp_path, 4, plateau, resume=True, new_schedule=True)


def test_a_schedule_that_follows_measures_is_continued(tmp_path: Path) -> None:
    """IoU rises by 0.1 a validation, which is no progress by this threshold: the rate falls after two validations."""
    plateau = [dict(type='ReduceOnPlateauLR', monitor='IoU', rule='greater', patience=1, threshold=9.0, by_epoch=True)]
    whole = train(tmp_path, 6, plateau)
    assert whole[::5] == pytest.approx([0.1, 0.1, 0.1, 0.01, 0.01, 0.001])
    assert train(tmp_path, 6, plateau, resume=True) == whole[10:]
    with pytest.raises(ConfigError, match='factor: 0.1 in the checkpoint, 0.5 in the config') as error:
        train(tmp_path, 6, [dict(plateau[0], factor=0.5)], resume=True)
    assert 'param_scheduler=[]' in str(error.value)
    assert '--new-schedule' not in str(error.value)  # is refused as well


def test_schedules_of_several_optimizers(tmp_path: Path) -> None:
    """Refused, or each at its own rate; the checkpoint is one of such a run."""
    install_safe_checkpoint_loading()

    def run(epochs: int, resume: bool, **guard: Any) -> Runner:
        made = small_runner(
            tmp_path,
            epochs,
            param_scheduler=[dict(type='LinearLR', start_factor=1.0, end_factor=0.5, end=epochs, by_epoch=True)],
            resume=resume,
            load_from=str(tmp_path / 'epoch_2.pth') if resume else None,
            custom_hooks=[ScheduleGuardHook(**guard)],
            **two_optimizers(),
        )
        made.train()
        return made

    run(2, False)
    with pytest.raises(ConfigError, match='has ended') as caught:
        run(4, True)
    assert str(caught.value).count('ends after') == 1  # both have the same
    made = run(4, True, new_schedule=True)
    rates = {name: values[0] for name, values in made.optim_wrapper.get_lr().items()}
    assert rates['other.lr'] == pytest.approx(2 * rates['one.lr'])
    assert rates['one.lr'] == pytest.approx(0.05)
