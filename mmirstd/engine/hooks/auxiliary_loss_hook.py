"""Let parts of a network add losses to the detector's."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import IterBasedTrainLoop, Runner

from mmirstd.registry import HOOKS


@HOOKS.register_module()
class AuxiliaryLossHook(Hook):
    """Add the losses of necks (DGR's ``loss_dgr``) to the loss dict of a stock detector or segmentor.

    It also tells these necks how far the training is, which schedules (alpha of DGR's route) follow. It keeps no state
    of its own: a resumed training is told what the runner restored.

    Written into ``default_hooks``, it joins whatever hooks the base config has:
    ``default_hooks=dict(auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook'))``.
    See :mod:`mmirstd.models.auxiliary_loss` for how.
    """

    def before_train(self, runner: Runner) -> None:
        """Attach; a network without such parts is left as it is."""
        from mmirstd.models.auxiliary_loss import attach_auxiliary_losses

        self._attached = attach_auxiliary_losses(_unwrap(runner))

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Tell the progress."""
        if not self._attached:
            return
        from mmirstd.models.auxiliary_loss import tell_progress
        from mmirstd.models.training_progress import TrainingProgress

        by_epoch = not isinstance(runner.train_loop, IterBasedTrainLoop)
        epochs = (runner.epoch, runner.max_epochs) if by_epoch else (None, None)
        tell_progress(_unwrap(runner), TrainingProgress(runner.iter, runner.max_iters, *epochs))


def _unwrap(runner: Runner) -> Any:
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
