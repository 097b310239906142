"""Early stopping that outlives an interruption and says when it stops."""

from __future__ import annotations

import math

from mmengine.hooks import EarlyStoppingHook
from mmengine.runner import Runner

from mmirstd.registry import HOOKS

#: Two measures that differ by less are the same.
_SAME = 1e-9
_STATE = ('wait_count', 'best_score')


@HOOKS.register_module()
class PatienceHook(EarlyStoppingHook):
    """Stop when ``patience`` validations in a row have not been better than the best one before them.

    mmengine's ``EarlyStoppingHook`` with any improvement counted, however small. An undefined measure (NaN) is no
    improvement. What has been waited is in the checkpoints, so that a continued run goes on waiting. A checkpoint
    is written before its epoch is validated; :class:`MissedValidationHook` does that when the run is continued.

    Args:
        monitor: The measure.
        rule: ``'greater'`` or ``'less'``: what is better.
        patience: Validations.
    """

    def __init__(self, monitor: str, rule: str = 'greater', patience: int = 5) -> None:
        super().__init__(
            monitor=monitor, rule=rule, min_delta=_SAME, strict=True, check_finite=False, patience=patience
        )

    def before_train(self, runner: Runner) -> None:
        """Take over what a continued run has waited."""
        for name in _STATE:
            setattr(self, name, runner.message_hub.runtime_info.get(f'patience_{name}', getattr(self, name)))

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Stop if it is time."""
        super().after_val_epoch(runner, metrics)
        for name in _STATE:
            runner.message_hub.update_info(f'patience_{name}', getattr(self, name))

    def after_train(self, runner: Runner) -> None:
        """Say why the training ended early."""
        if runner.train_loop.stop_training:
            runner.logger.info(
                f'stopped early: {self.monitor} has not improved in the last {self.wait_count} validations; '
                f'best: {self.best_score:.4f}'
            )

    def _check_stop_condition(self, current_score: float) -> tuple[bool, str]:
        if math.isnan(current_score):
            current_score = -math.inf if self.rule == 'greater' else math.inf
        return super()._check_stop_condition(current_score)
