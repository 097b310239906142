"""Keep the model in the channels-last memory format."""

from __future__ import annotations

import gc
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel, is_model_wrapper
from mmengine.runner import Runner

from mmirstd.models.layers import to_channels_last
from mmirstd.registry import HOOKS

from ..optim_wrapper import single_wrappers


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Convert the model's convolution weights to ``torch.channels_last`` (NHWC) before a run.

    Convolutions then produce channels-last activations whatever the layout of
    the image, so inputs need no conversion (measured: no gain).  Results are those
    of the default layout up to rounding, and since the weights are converted after they were
    initialized or loaded, so is a whole run with the same seed.  Checkpoints
    do not depend on it.  Switch it on with ``custom_hooks=[dict(type='mmirstd.ChannelsLastHook')]``.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Convert the weights and the optimizer's state, and wrap the model anew where it is distributed.

        DistributedDataParallel lays out its buckets when it is made.  Weights
        that change their layout afterward get wrong gradients in the first
        step, with no more than a warning about performance (torch 2.13).

        Raises:
            RuntimeError: The model is wrapped by something else than DistributedDataParallel.
        """
        wrapped = is_model_wrapper(runner.model)
        if wrapped and not isinstance(runner.model, MMDistributedDataParallel):
            raise RuntimeError(
                f'ChannelsLastHook cannot convert a model wrapped by {type(runner.model).__name__}; '
                'remove it from custom_hooks'
            )
        module = _unwrap(runner.model)
        to_channels_last(module)
        if wrapped:
            # The old wrapper's gradient hooks go with it.
            runner.model = None
            gc.collect()
            runner.model = runner.wrap_model(runner.cfg.get('model_wrapper_cfg'), module)
            runner._maybe_compile('train_step')
        _convert_state(runner)

    def before_val(self, runner: Runner) -> None:
        """Convert the weights, where no training did."""
        to_channels_last(_unwrap(runner.model))

    def before_test(self, runner: Runner) -> None:
        """Convert the weights."""
        to_channels_last(_unwrap(runner.model))


def _unwrap(model: Any) -> Any:  # torch's types do not know module.to(memory_format=...)
    return model.module if is_model_wrapper(model) else model


def _convert_state(runner: Runner) -> None:
    """Give state that was loaded from a checkpoint the layout of its parameter, for the fast multi-tensor path."""
    for wrapper in single_wrappers(runner.optim_wrapper):
        for state in wrapper.optimizer.state.values():
            for name, value in state.items():
                if torch.is_tensor(value) and value.dim() == 4:
                    state[name] = value.contiguous(memory_format=torch.channels_last)
