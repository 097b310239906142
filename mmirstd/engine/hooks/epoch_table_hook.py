"""One line an epoch: loss, figures of the validation, learning rate, time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import IterBasedTrainLoop, Runner

from mmirstd.evaluation.key_figures import key_figures
from mmirstd.evaluation.text_tables import cell, heading
from mmirstd.utils.progress import StatusLine


class EpochTableHook(Hook):
    """Writes a table to standard output, a line an epoch, or a line a validation if the training counts iterations.

    Between two lines :class:`StatusLine` says how far it is. The loss is the mean over the epoch in this process. The
    time is that of training and validation; the time left assumes that the rest goes on as this process did so far.

    Args:
        status_line: Where it writes.
        clock: Seconds that only grow.
    """

    priority = 'LOWEST'  # after the checkpoint hook, which finds whether a validation was the best one

    def __init__(self, status_line: StatusLine, clock: Callable[[], float] = time.monotonic) -> None:
        self._status_line = status_line
        self._clock = clock
        self._figures: list[str] = []
        self._head = ''

    def before_train(self, runner: Runner) -> None:
        """Say from where the training goes on, and where the whole log is."""
        self._start_iter = self._row_iter = runner.iter
        self._start_time = self._row_time = self._clock()
        self._best = _best_of(runner)
        self._status_line.print(f'log: {runner.logger.log_file} (--verbose shows all of it here)')
        if runner.iter:
            self._status_line.print(f'resumed epoch: {runner.epoch}, iter: {runner.iter}')

    def before_train_epoch(self, runner: Runner) -> None:
        """The epoch before had no validation."""
        self._row(runner, {})

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | tuple | list | None = None, outputs: dict | None = None
    ) -> None:
        """Say how far it is."""
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            where = f'iteration {runner.iter + 1}/{runner.max_iters}'
        else:
            where = f'epoch {runner.epoch + 1}/{runner.max_epochs}: {batch_idx + 1}/{len(runner.train_dataloader)}'
        eta = runner.message_hub.runtime_info.get('eta')
        left = '' if eta is None else f', time left {_duration(min(eta, _budget_left(runner)))}'
        self._status_line.show(f'  {where}, loss {_loss(runner, 1 + runner.iter - self._row_iter)}{left}')

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | tuple | list | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Say how far it is."""
        self._status_line.show(f'  validating: {batch_idx + 1}/{len(runner.val_dataloader)}')

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | tuple | list | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Say how far it is."""
        self._status_line.show(f'  testing: {batch_idx + 1}/{len(runner.test_dataloader)}')

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """The figures follow."""
        self._status_line.clear()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Write the line, with the figures."""
        self._row(runner, metrics or {})

    def after_train(self, runner: Runner) -> None:
        """The last epoch had no validation."""
        self._row(runner, {})
        self._status_line.clear()

    def _row(self, runner: Runner, metrics: dict[str, float]) -> None:
        """A line for what was trained since the one before, if anything was."""
        done = runner.iter - self._row_iter
        if not done:
            return
        now = self._clock()
        left = (now - self._start_time) / (runner.iter - self._start_iter) * (runner.max_iters - runner.iter)
        left = min(left, _budget_left(runner))
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            unit, number, last = 'iter', runner.iter, runner.max_iters
        else:
            unit, number, last = 'epoch', runner.epoch, runner.max_epochs
        if metrics:
            numbers = [name for name, value in metrics.items() if isinstance(value, (int, float))]
            self._figures = key_figures(numbers, monitor_of(runner))
        best, self._best = self._best, _best_of(runner)
        cells = {
            unit: f'{number}/{last}',
            'loss': _loss(runner, done),
            **{heading(name): cell(name, metrics[name]) if name in metrics else '' for name in self._figures},
            **{name: _current(runner, f'train/{name}', '.2e') for name in _rates(runner)},
            'time': _duration(now - self._row_time),
            'left': _duration(left),
        }
        self._row_iter, self._row_time = runner.iter, now
        widths = [max(len(name), 2 * len(str(last)) + 1 if name == unit else 8) for name in cells]
        head = '  '.join(name.rjust(width) for name, width in zip(cells, widths))
        if head != self._head:  # at first, and again where the first validation brings figures
            self._head = head
            self._status_line.print(head)
        mark = '  best' if self._best != best else ''
        self._status_line.print('  '.join(text.rjust(width) for text, width in zip(cells.values(), widths)) + mark)


def monitor_of(runner: Runner) -> str | None:
    """The measure by which the best checkpoint is chosen; None if there is none, the first one if there are several."""
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook) and hook.save_best is not None:
            return (getattr(hook, 'key_indicators', None) or [None])[0]
    return None


def _budget_left(runner: Runner) -> float:
    """Seconds that :class:`TimeBudgetHook` leaves."""
    return runner.message_hub.runtime_info.get('budget_left', math.inf)


def _best_of(runner: Runner) -> dict[str, object]:
    """What the checkpoint hook noted of the best checkpoint, of each measure if there are several."""
    return {key: value for key, value in runner.message_hub.runtime_info.items() if key.startswith('best_ckpt')}


def _loss(runner: Runner, iterations: int) -> str:
    """The mean loss of the last iterations."""
    if 'train/loss' not in runner.message_hub.log_scalars:
        return '-'
    return f'{runner.message_hub.get_scalar("train/loss").mean(iterations):.4f}'


def _rates(runner: Runner) -> list[str]:
    """Names of the learning rates: ``lr``, or of several optimizers ``NAME.lr``."""
    logged = [name.removeprefix('train/') for name in runner.message_hub.log_scalars]
    return [name for name in logged if name == 'lr' or name.endswith('.lr')] or ['lr']


def _current(runner: Runner, name: str, form: str) -> str:
    """The last value of a logged scalar."""
    if name not in runner.message_hub.log_scalars:
        return '-'
    return format(runner.message_hub.get_scalar(name).current(), form)


def _duration(seconds: float) -> str:
    """Hours, minutes, seconds."""
    return str(timedelta(seconds=round(seconds))) if math.isfinite(seconds) else '-'
