"""The same moving average on all ranks."""

from __future__ import annotations

import torch
from mmengine.dist import all_reduce_params, get_world_size
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner

from mmirstd.registry import HOOKS


@HOOKS.register_module()
class AverageBuffersHook(Hook):
    """Give all ranks the mean of their averaged batch-norm statistics after each epoch.

    mmengine's ``SyncBuffersHook`` does so for the network itself. ``EMAHook(update_buffers=True)`` averages what each
    rank saw; without this hook each rank validates another network, the checkpoint has rank 0's, and a continued run
    goes on with that on all ranks.
    """

    def after_train_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Average, before the checkpoint is written."""
        if get_world_size() > 1:
            all_reduce_params([b for b in average_buffers(runner) if b.is_floating_point()], op='mean')


def average_buffers(runner: Runner) -> list[torch.Tensor]:
    """The buffers of all moving averages of a training."""
    return [
        buffer
        for hook in runner.hooks
        if isinstance(hook, EMAHook) and hasattr(hook, 'ema_model')
        for buffer in hook.ema_model.module.buffers()
    ]
