"""Trainings by a clock that the test turns."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from mmirstd.compat.checkpoint import install_safe_checkpoint_loading
from mmirstd.engine.hooks import PALHook, ScheduleGuardHook, TimeBudgetHook
from mmirstd.engine.hooks.time_budget_hook import parts_without_clock
from mmirstd.models.losses.dgr_loss import DGRLoss
from mmirstd.models.losses.sls_iou_loss import SLSIoULoss
from mmirstd.utils.errors import ConfigError
from tests.test_engine.small_runner import Model, small_runner

ONE_CYCLE = [dict(type='OneCycleLR', eta_max=0.1, pct_start=0.25, by_epoch=True, convert_to_iter_based=True)]
STEPS = [dict(type='MultiStepLR', milestones=[4, 8], gamma=0.1, by_epoch=True)]


class Clock(Hook):
    """An iteration takes ``step_s`` seconds, a validation ``val_s``; remembers the rate of each iteration."""

    def __init__(self, step_s: float, val_s: float = 0.0) -> None:
        self.now, self.step_s, self.val_s = 0.0, step_s, val_s
        self.rates: list[float] = []
        self.validated: list[int] = []

    def __call__(self) -> float:
        return self.now

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self.rates.append(runner.optim_wrapper.get_lr()['lr'][0])
        self.now += self.step_s

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.now += self.val_s / len(runner.val_dataloader)

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self.validated.append(runner.epoch)


def train(folder: Path, clock: Clock, minutes: float | None, schedule: list, **options: Any) -> Runner:
    """Ten epochs of four iterations, if there is time."""
    hooks = {} if minutes is None else dict(param_scheduler=TimeBudgetHook(minutes, clock=clock))
    hooks['checkpoint'] = dict(type='CheckpointHook', interval=100)
    runner = small_runner(
        folder, 10, images=4, param_scheduler=schedule, default_hooks=hooks, custom_hooks=[clock], **options
    )
    runner.train()
    return runner


@pytest.mark.parametrize('schedule', [ONE_CYCLE, STEPS], ids=['by iteration', 'by epoch'])
def test_with_enough_time_nothing_changes(tmp_path: Path, schedule: list) -> None:
    plain, timed = Clock(1.0), Clock(1.0)
    train(tmp_path / 'plain', plain, None, schedule)
    train(tmp_path / 'timed', timed, 2.0, schedule)
    assert timed.rates == plain.rates
    assert len(timed.rates) == 40


def test_what_went_before_the_training_hurries_no_schedule(tmp_path: Path) -> None:
    plain, timed = Clock(1.0), Clock(1.0)
    train(tmp_path / 'plain', plain, None, ONE_CYCLE)
    budget = TimeBudgetHook(2.0, spent_s=60.0, clock=timed)  # 60 s are left, and 40 are needed
    small_runner(
        tmp_path / 'timed',
        10,
        images=4,
        param_scheduler=ONE_CYCLE,
        default_hooks=dict(param_scheduler=budget),
        custom_hooks=[timed],
    ).train()
    assert timed.rates == plain.rates


def test_with_too_little_time_the_whole_schedule_is_run_through(tmp_path: Path) -> None:
    whole, timed = Clock(1.0), Clock(4.0)
    train(tmp_path / 'whole', whole, None, ONE_CYCLE)
    runner = train(tmp_path / 'timed', timed, 1.0, ONE_CYCLE)  # 60 s, steps of 4 s
    assert len(timed.rates) == 14  # 56 s; another would end after the 59 that are left for training
    # The same shares: every fourth rate of the whole schedule at least, the largest and nearly the last one too.
    assert max(timed.rates) == pytest.approx(max(whole.rates), rel=0.1)
    assert timed.rates[-1] < 0.05 * max(whole.rates)
    assert timed.rates.index(max(timed.rates)) in (3, 4)  # a quarter of the way
    # The epoch that was cut short is the last one: saved and validated.
    assert runner.epoch == 4
    assert timed.validated[-1] == 4
    assert (tmp_path / 'timed' / 'epoch_4.pth').is_file()


def test_steps_of_epochs_keep_their_shares(tmp_path: Path) -> None:
    clock = Clock(4.0)
    train(tmp_path, clock, 1.0, STEPS)
    drops = [number for number, (a, b) in enumerate(zip(clock.rates, clock.rates[1:])) if b < 0.5 * a]
    assert len(drops) == 2
    assert [round(number / 14, 1) for number in drops] == [0.4, 0.8]


@pytest.mark.parametrize('val_s', [2.0, 10.0, 30.0])
def test_the_last_validation_is_within_the_time(tmp_path: Path, val_s: float) -> None:
    clock = Clock(1.0, val_s)
    train(tmp_path, clock, 1.0, ONE_CYCLE, train_cfg=dict(by_epoch=True, max_epochs=10, val_interval=4))
    assert clock.now <= 60.0 + 1.2 * val_s  # at most the one that was not known before
    assert clock.validated


def test_a_continued_run_has_what_is_left(tmp_path: Path) -> None:
    first = Clock(2.0)
    runner = small_runner(
        tmp_path,
        10,
        images=4,
        param_scheduler=ONE_CYCLE,
        default_hooks=dict(param_scheduler=TimeBudgetHook(1.0, clock=first)),
        custom_hooks=[first, StopAfter(2)],
    )
    with pytest.raises(KeyboardInterrupt):
        runner.train()
    second = Clock(2.0)
    train(tmp_path, second, 1.0, ONE_CYCLE, resume=True, load_from=str(tmp_path / 'epoch_2.pth'))
    assert len(first.rates[:8] + second.rates) == 29
    assert second.rates[0] == pytest.approx(first.rates[8], rel=0.2)
    assert second.rates[-1] < 0.01


class StopAfter(Hook):
    """Ctrl-C in the epoch after these."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if runner.epoch == self.epochs:
            raise KeyboardInterrupt


def test_iterations_without_epochs_end_in_time(tmp_path: Path) -> None:
    clock = Clock(4.0)
    runner = train(
        tmp_path, clock, 1.0, [dict(type='LinearLR', start_factor=1.0, end_factor=0.01, end=40, by_epoch=False)],
        train_cfg=dict(by_epoch=False, max_iters=40, val_interval=100),
    )  # fmt: skip
    assert runner.iter == 14
    assert clock.rates[-1] < 0.15 * clock.rates[0]
    assert len(clock.validated) == 1


def test_no_time_is_an_error() -> None:
    with pytest.raises(ValueError, match='more than 0'):
        TimeBudgetHook(0)


def test_processes_agree_on_the_time_of_a_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise they have other rates, and one waits for another that has ended."""
    module = 'mmirstd.engine.hooks.time_budget_hook'
    monkeypatch.setattr(f'{module}.get_world_size', lambda: 2)
    monkeypatch.setattr(f'{module}.all_reduce', lambda value, op: value.clamp_(min=9.0))  # of the slower one
    clock = Clock(1.0)
    hook = TimeBudgetHook(1.0, clock=clock)
    runner = cast('Runner', SimpleNamespace(param_schedulers=None))
    hook.before_val_epoch(runner)
    clock.now += 4.0
    hook.after_val_epoch(runner)
    slower = hook._validation_s
    clock.now += 20.0
    hook.after_val_epoch(runner)
    assert hook._validation_s / slower == pytest.approx(24 / 9)


def test_a_schedule_that_follows_measures_steps_by_the_validations(tmp_path: Path) -> None:
    """IoU rises by 0.1 a validation, which is no progress by this threshold."""
    plateau = [dict(type='ReduceOnPlateauLR', monitor='IoU', rule='greater', patience=2, threshold=9.0, by_epoch=True)]
    plain, timed = Clock(1.0), Clock(1.0)
    train(tmp_path / 'plain', plain, None, plateau)
    train(tmp_path / 'timed', timed, 2.0, plateau)
    assert min(plain.rates) == pytest.approx(1e-3)
    assert timed.rates == plain.rates


class Parts(Model):
    """Parts that count epochs themselves, and others that do not."""

    def __init__(self, warm_epoch: int, alpha: Any) -> None:
        super().__init__()
        self.loss = SLSIoULoss(warm_epoch=warm_epoch)
        self.dgr = DGRLoss(form='route', alpha=alpha)


@pytest.mark.parametrize(
    ('model', 'schedule', 'named'),
    [
        (Parts(-1, 0.5), ONE_CYCLE, ''),
        (Parts(5, 0.5), ONE_CYCLE, 'SLSIoULoss (warm_epoch)'),
        (Parts(-1, dict(start_factor=0, end_factor=1)), ONE_CYCLE, 'DGRLoss (alpha)'),
        (
            Parts(5, dict(start_factor=0, end_factor=1)),
            [dict(type='ReduceOnPlateauLR', monitor='IoU', by_epoch=True)],
            'ReduceOnPlateauLR (patience), SLSIoULoss (warm_epoch), DGRLoss (alpha)',
        ),
    ],
)
def test_what_does_not_follow_the_clock_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Parts, schedule: list, named: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(MMLogger, 'info', lambda self, text, *args: said.append(text))
    train(tmp_path, Clock(1.0), 2.0, schedule, model=model)
    told = [text for text in said if 'follow the clock' in text]
    assert len(told) == bool(named)
    assert all(f'but not {named}: ' in text for text in told)


def test_pal_does_not_follow_the_clock() -> None:
    runner = SimpleNamespace(param_schedulers=[], hooks=[PALHook(), TimeBudgetHook(1.0)], model=Model())
    assert parts_without_clock(cast('Runner', runner)) == ['PALHook (start, end)']


class Leave(Hook):
    """An interruption after an epoch."""

    priority = 'LOWEST'

    def after_train_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        if runner.epoch == 2:
            raise KeyboardInterrupt


def linear(epochs: int) -> list[dict]:
    """From 0.1 to 0.001 over so many epochs of four iterations."""
    return [dict(type='LinearLR', start_factor=1.0, end_factor=0.01, by_epoch=False, end=4 * epochs)]


def resumed(folder: Path, clock: Clock, timed: bool, epochs: int, schedule: list, new_schedule: bool = False) -> Runner:
    """Three epochs at half the speed that is needed, and what follows with other options."""
    install_safe_checkpoint_loading()
    options = dict(images=4, val_dataloader=None, val_evaluator=None, val_cfg=None)
    checkpoint = dict(type='CheckpointHook', interval=1)

    def runner(length: int, schedule: list, budget: bool, *hooks: Hook, **more: Any) -> Runner:
        budgets = dict(param_scheduler=TimeBudgetHook(2.0, clock=clock)) if budget else {}
        return small_runner(
            folder,
            length,
            param_scheduler=schedule,
            train_cfg=dict(by_epoch=True, max_epochs=length),
            default_hooks=dict(budgets, checkpoint=checkpoint),
            custom_hooks=[clock, *hooks],
            **options,
            **more,
        )

    with pytest.raises(KeyboardInterrupt):
        runner(10, schedule, True, Leave()).train()
    clock.rates.clear()
    again = runner(
        epochs,
        schedule if epochs == 10 else linear(epochs),
        timed,
        ScheduleGuardHook(new_schedule),
        resume=True,
        load_from=str(folder / 'epoch_3.pth'),
    )
    again.train()
    return again


def test_a_new_schedule_goes_on_by_the_clock_and_reaches_its_end(tmp_path: Path) -> None:
    clock = Clock(6.0)  # 19 iterations in 2 minutes
    resumed(tmp_path, clock, True, 20, linear(10), new_schedule=True)
    assert clock.rates == sorted(clock.rates, reverse=True)
    assert clock.rates[-1] < 0.01  # and not where it was without the clock, 0.07


def test_a_schedule_that_the_clock_brought_ahead_is_not_gone_on_with_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'has brought its schedule 1\d iterations ahead[\s\S]*add --new-schedule'):
        resumed(tmp_path / 'refused', Clock(6.0), False, 10, linear(10))
    clock = Clock(6.0)
    resumed(tmp_path / 'new', clock, False, 10, linear(10), new_schedule=True)
    assert len(clock.rates) == 28
    assert clock.rates[-1] == pytest.approx(0.1 * (1 - 0.99 * 39 / 39), rel=1e-6)
    warm_up = [dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=4)]  # over when the run was interrupted
    assert resumed(tmp_path / 'over', Clock(6.0), False, 10, warm_up).iter == 40
