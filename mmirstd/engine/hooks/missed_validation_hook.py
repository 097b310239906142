"""A continued run makes up for the validation that the interruption may have cut off."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmirstd.registry import HOOKS

from .preemption_hook import batches_done


@HOOKS.register_module()
class MissedValidationHook(Hook):
    """Validate the epoch that a run continues from, if it was to be validated, before the next one is trained.

    An epoch's checkpoint is written before its validation. Where the process ends between the two, or while the best
    checkpoint is being replaced, the continued run would never know how good this epoch is. Whether the validation was
    finished cannot be told from the checkpoint, so it is done again; the same weights give the same figures.
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self._at_start_of_epoch = False

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """See where the run continues: after an epoch, or inside one."""
        self._at_start_of_epoch = runner._resume and batches_done(checkpoint) == 0

    def before_train(self, runner: Runner) -> None:
        """Validate, if the last epoch was to be."""
        loop = runner.train_loop
        if not self._at_start_of_epoch or runner.val_loop is None or not isinstance(loop, EpochBasedTrainLoop):
            return
        loop._decide_current_val_interval()
        last = loop.epoch == loop.max_epochs
        if loop.epoch and loop.epoch >= loop.val_begin and (loop.epoch % loop.val_interval == 0 or last):
            runner.logger.info(f'validates epoch {loop.epoch} again, which the interruption may have cut off')
            runner.val_loop.run()
