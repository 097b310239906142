"""A training that ends at a given time, with its schedule run to the end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.hooks import ParamSchedulerHook
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmirstd.registry import HOOKS

from .pal_hook import PALHook

#: Of the message hub, and so of checkpoints: what was spent, and how many steps the schedules have made.
BUDGET_KEY = 'time_budget'
#: For the checkpoint, and what else the end of a training takes, in seconds.
_CLOSING_S = 1.0
#: A validation may take longer than what was measured by this factor.
_SLOWER = 1.15


@HOOKS.register_module()
class TimeBudgetHook(ParamSchedulerHook):
    """Steps the schedules by the clock, and ends the training when the time is over.

    It takes the place of ``ParamSchedulerHook`` (``default_hooks.param_scheduler``). As long as the training is on the
    way to end within the time, each iteration is one step of the schedules, as usual. Where it is not, the schedules
    follow the clock: after half of the time they are at half of their length, whatever iteration that is. So warm-up
    and decay keep their shares, and no speed has to be guessed. The last epoch may be a part of one. It has its
    checkpoint and its validation, for which time is kept: two batches are tried before, later the last validation
    counts.

    ``ReduceOnPlateau`` follows the validations, as usual. Parts of a training that count epochs themselves do not know
    the clock; they are named at the start.

    The rates depend on the clock, so such a run is not repeated bit by bit. What was spent is in the checkpoints; a
    continued run goes on with what is left.

    Args:
        minutes: From the start of the process to the end of the last validation.
        spent_s: Seconds of them that have passed already.
        clock: Seconds that only grow.
    """

    def __init__(self, minutes: float, spent_s: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        if not minutes > 0:
            raise ValueError(f'minutes={minutes}: expected more than 0')
        self.budget_s = 60.0 * minutes
        self._clock = clock
        self._start = clock() - spent_s
        self._before = 0.0  # seconds of the parts before this one
        self._steps, self._epochs = 0, 0  # that the schedules have made
        self._validation_s = 0.0
        self._last_tick = self._step_s = 0.0
        self._over = False

    def before_train(self, runner: Runner) -> None:
        """Take over what a continued run has spent, say what has no clock, and see how long a validation takes."""
        saved = runner.message_hub.runtime_info.get(BUDGET_KEY)
        if saved is not None and runner._resume:
            self._before, self._steps, self._epochs = saved['spent_s'], saved['steps'], saved['epochs']
        else:
            self._steps, self._epochs = runner.iter, runner.epoch
        loop = runner.train_loop
        self._length = loop.max_iters
        self._epochs_planned = loop.max_epochs if isinstance(loop, EpochBasedTrainLoop) else 0
        if parts := parts_without_clock(runner):
            runner.logger.info(
                f'{self.budget_s / 60:g} min: where this is too short for the whole schedule, the rates follow the '
                f'clock, but not {", ".join(parts)}: what these count is not shortened.\n  cure: smaller numbers for '
                'them, or a length of the training (train_cfg) that fits'
            )
        if isinstance(loop, EpochBasedTrainLoop):
            loop.dataloader = _UntilOver(loop.dataloader, lambda: self._over)
        self._validation_s = _SLOWER * self._agreed(_validation_seconds(runner, self._clock))
        self._last_tick = self._clock()
        # What went before the first iteration is no progress of the schedules.
        spent = self._agreed(self._last_tick - self._start)
        self._begin = saved['begin_s'] if saved is not None and runner._resume else spent

    def before_val_epoch(self, runner: Runner) -> None:
        """Start the watch."""
        self._val_start = self._clock()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Stop the watch, and step the schedules that follow what was measured."""
        super().after_val_epoch(runner, metrics)
        self._validation_s = _SLOWER * self._agreed(self._clock() - self._val_start)
        self._last_tick = self._clock()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | tuple | list | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Step the schedules, and see whether the time is over."""
        now = self._clock()
        self._step_s, self._last_tick = now - self._last_tick, now
        spent = self._agreed(self._before + now - self._start)
        usable = self.budget_s - self._validation_s - _CLOSING_S
        share = (spent - self._begin) / (usable - self._begin) if usable > self._begin else 1.0
        due = max(self._steps, runner.iter + 1, min(self._length, math.floor(share * self._length)))
        self._step(runner, due - self._steps, by_epoch=False)
        self._steps = due
        if self._epochs_planned:
            due = max(self._epochs, min(self._epochs_planned, math.floor(share * self._epochs_planned)))
            self._step(runner, due - self._epochs, by_epoch=True)
            self._epochs = due
        info = dict(spent_s=spent, begin_s=self._begin, steps=self._steps, epochs=self._epochs)
        runner.message_hub.update_info(BUDGET_KEY, info)
        runner.message_hub.update_info('budget_left', max(0.0, self.budget_s - spent))
        if spent + self._agreed(self._step_s) > usable:
            self._end(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """An epoch is at least one step of the schedules that count epochs."""
        if self._epochs <= runner.epoch:
            self._step(runner, runner.epoch + 1 - self._epochs, by_epoch=True)
            self._epochs = runner.epoch + 1

    def after_train(self, runner: Runner) -> None:
        """Say where the time ended the training."""
        if self._over:
            by_epoch = self._epochs_planned
            where = f'in epoch {runner.epoch} of {by_epoch}, ' if by_epoch else ''
            runner.logger.info(
                f'the time of {self.budget_s / 60:g} min was over {where}after iteration {runner.iter} of '
                f'{self._length}; the schedule was shortened to it'
            )

    def _end(self, runner: Runner) -> None:
        if self._over or runner.iter + 1 >= self._length:
            return
        self._over = True
        loop = runner.train_loop
        loop._max_iters = runner.iter + 1
        if isinstance(loop, EpochBasedTrainLoop):
            loop._max_epochs = runner.epoch + 1

    @staticmethod
    def _step(runner: Runner, times: int, by_epoch: bool) -> None:
        for scheduler in _schedulers(runner):
            if scheduler.by_epoch == by_epoch:
                for _ in range(times):
                    scheduler.step()

    @staticmethod
    def _agreed(seconds: float) -> float:
        """The longest of all processes, so that all of them have the same rates and end at the same iteration."""
        if get_world_size() == 1:
            return seconds
        value = torch.tensor(seconds, dtype=torch.float64)
        all_reduce(value, 'max')
        return float(value)


def _schedulers(runner: Runner) -> Iterator[Any]:
    groups = runner.param_schedulers
    for group in groups.values() if isinstance(groups, Mapping) else [groups or []]:
        yield from group


def parts_without_clock(runner: Runner) -> list[str]:
    """What counts epochs, iterations or validations itself, each with the setting that says how many."""
    from mmirstd.models.losses.dgr_loss import DGRLoss

    parts = [
        f'{type(item).__name__} (patience)' for item in _schedulers(runner) if getattr(item, 'need_val_args', False)
    ]
    parts += [f'{type(hook).__name__} (start, end)' for hook in runner.hooks if isinstance(hook, PALHook)]
    for module in runner.model.modules():
        if getattr(module, 'warm_epoch', -1) >= 0:
            parts.append(f'{type(module).__name__} (warm_epoch)')
        elif isinstance(module, DGRLoss) and module.alpha is not None and module.alpha.scheduled:
            parts.append(f'{type(module).__name__} (alpha)')
    return list(dict.fromkeys(parts))


def _validation_seconds(runner: Runner, clock: Callable[[], float]) -> float:
    """What a validation will take, by its second batch; 0 without one."""
    loop = runner.val_loop
    if loop is None:
        return 0.0
    runner.model.eval()
    start, seconds = clock(), 0.0
    with torch.no_grad():
        for number, batch in enumerate(loop.dataloader):
            runner.model.val_step(batch)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            seconds = clock() - start
            if number == 1:
                break
            start = clock()
    return seconds * len(loop.dataloader)


class _UntilOver:
    """A data loader that gives no more batches when the time is over.

    Args:
        whole: The data loader.
        over: Whether it is.
    """

    def __init__(self, whole: Any, over: Callable[[], bool]) -> None:
        self.whole = whole
        self._is_over = over

    def __len__(self) -> int:
        return len(self.whole)

    def __iter__(self) -> Iterator[Any]:
        for batch in self.whole:
            if self._is_over():
                return
            yield batch

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)
