"""A line in the log at least every ten seconds, however fast or slow the steps are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from mmengine.hooks import LoggerHook
from mmengine.runner import Runner

from mmirstd.registry import HOOKS
from mmirstd.utils.progress import PACE, Pace, now_doing


@HOOKS.register_module()
class TimedLoggerHook(LoggerHook):
    """mmengine's ``LoggerHook``, which counts iterations, and a line whenever ``seconds`` would pass without one.

    The additional lines are text alone: what goes to the visualizer (``scalars.json``, TensorBoard) does not
    depend on the machine's speed.

    Args:
        seconds: The longest time between two lines, as far as steps are even and shorter.
        clock: Seconds that only grow.
        **kwargs: Of ``LoggerHook``.
    """

    def __init__(self, *, seconds: float = PACE, clock: Callable[[], float] = time.monotonic, **kwargs) -> None:
        super().__init__(**kwargs)
        self._pace = Pace(seconds, clock)

    def before_train_epoch(self, runner: Runner) -> None:
        """Training goes on."""
        self._begin('training')

    def before_val_epoch(self, runner: Runner) -> None:
        """Validation goes on."""
        self._begin('validating')

    def before_test_epoch(self, runner: Runner) -> None:
        """The test goes on."""
        self._begin('testing')

    def _begin(self, doing: str) -> None:
        now_doing(doing)
        self._pace.restart()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | tuple | list | None = None, outputs: dict | None = None
    ) -> None:
        """Log at the interval, or because it is time."""
        super().after_train_iter(runner, batch_idx, data_batch, outputs)
        self._keep_pace(runner, batch_idx, 'train')

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | tuple | list | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Log at the interval, or because it is time."""
        super().after_val_iter(runner, batch_idx, data_batch, outputs)
        self._keep_pace(runner, batch_idx, 'val')

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | tuple | list | None = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Log at the interval, or because it is time."""
        super().after_test_iter(runner, batch_idx, data_batch, outputs)
        self._keep_pace(runner, batch_idx, 'test')

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Log the figures; the next epoch has not begun."""
        super().after_val_epoch(runner, metrics)
        now_doing('training')

    def _keep_pace(self, runner: Runner, batch_idx: int, mode: str) -> None:
        logged = self.every_n_inner_iters(batch_idx, self.interval)
        if mode == 'train' and self.end_of_epoch(runner.train_dataloader, batch_idx):
            logged |= not self.ignore_last or len(runner.train_dataloader) <= self.interval
        if logged:
            self._pace.restart()
        elif self._pace.due():
            self._pace.restart()
            runner.logger.info(runner.log_processor.get_log_after_iter(runner, batch_idx, mode)[1])
