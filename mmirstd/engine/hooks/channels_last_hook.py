"""Keep the model in the channels-last memory format."""

from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from mmirstd.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Convert the model's convolution weights to ``torch.channels_last`` (NHWC) before a run.

    Convolutions then produce channels-last activations whatever the layout of
    the image, so inputs need no conversion (a one-channel image has one layout
    anyway).  Results are those of the default layout up to rounding;
    checkpoints do not depend on it.  Switch it on with
    ``custom_hooks=[dict(type='mmirstd.ChannelsLastHook')]``.
    """

    # before EMAHook (NORMAL) copies the model
    priority = 'VERY_HIGH'

    def before_run(self, runner: Runner) -> None:
        """Convert the weights, in place."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        model.to(memory_format=torch.channels_last)

    def before_train(self, runner: Runner) -> None:
        """Give optimiser state that was loaded from a checkpoint the layout of its parameter.

        ``load_state_dict`` stores the file's tensors as they are; with two
        layouts the optimiser leaves its fast multi-tensor path.
        """
        optimizer = getattr(runner.optim_wrapper, 'optimizer', None)
        if optimizer is None:
            return
        for state in optimizer.state.values():
            for name, value in state.items():
                if torch.is_tensor(value) and value.dim() == 4:
                    state[name] = value.contiguous(memory_format=torch.channels_last)
