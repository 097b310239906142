"""How a part of a network (a neck) adds a loss of its own to the detector's loss dict.

mmdet's detectors and mmseg's segmentors ask only their heads for losses.  A
module that has one of its own inherits :class:`AuxiliaryLossModule` and calls
:meth:`~AuxiliaryLossModule.defer_loss` in its forward pass.
:func:`attach_auxiliary_losses` puts a forward hook on the detector, which calls
what was deferred once the detector has its losses, and adds the results to that
dict.  So the detector keeps its type; the loss is logged, scaled by AMP,
divided by gradient accumulation and synchronized by DistributedDataParallel as
every other one; and it may depend on the detector's losses (DGR's ``gradient`` form).

In a config the hook ``mmirstd.AuxiliaryLossHook`` attaches; in a loop of one's own, call the function. The hook also
tells these modules before each step how far the training is (:func:`tell_progress`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from .training_progress import TrainingProgress

# (total of the detector's own losses, images as the network gets them, data samples) -> {name: loss}
DeferredLoss = Callable[[Tensor, Any, Any], 'dict[str, Tensor]']


class AuxiliaryLossModule(BaseModule):
    """A module that adds losses to those of the detector it is part of."""

    def __init__(self, init_cfg: dict | list[dict] | None = None) -> None:
        super().__init__(init_cfg)
        self._collected = False
        self._deferred: list[DeferredLoss] = []
        self.progress: TrainingProgress | None = None

    @property
    def collected(self) -> bool:
        """Whether what :meth:`defer_loss` gets will be collected."""
        return self._collected

    @property
    def computes_losses(self) -> bool:
        """Whether this is a training pass, so that a loss is wanted."""
        return self.training and torch.is_grad_enabled()

    def defer_loss(self, function: DeferredLoss) -> None:
        """Have ``function`` called when the detector has computed its losses.  May be called several times a step.

        Args:
            function: Gets the sum of the detector's own losses, the images and the data samples, and returns losses by
                name.  Those of one name are averaged over the calls of one step (a clip's frames).

        Raises:
            RuntimeError: Nothing would collect the loss, which would silently be left out.
        """
        if not self._collected:
            raise RuntimeError(
                f"{type(self).__name__} has a loss of its own, but nothing adds it to the detector's losses.\n"
                "  cure: default_hooks=dict(auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook')) in the config, or\n"
                '        mmirstd.models.auxiliary_loss.attach_auxiliary_losses(model) in a loop of your own'
            )
        self._deferred.append(function)


def _members(model: nn.Module) -> list[AuxiliaryLossModule]:
    return [m for m in model.modules() if isinstance(m, AuxiliaryLossModule)]


def _clear(model: nn.Module, args: tuple) -> None:
    """Before a pass: forget what a pass that failed or was no training step left behind."""
    for member in _members(model):
        member._deferred.clear()


def _collect(model: Any, args: tuple, kwargs: dict, output: Any) -> Any:
    """After a pass: add the deferred losses to the dict that ``mode='loss'`` returns."""
    deferred = []
    for member in _members(model):
        deferred.append(list(member._deferred))
        member._deferred.clear()
    if not isinstance(output, dict) or not any(deferred):
        return output
    total, _ = model.parse_losses(output)
    inputs = kwargs.get('inputs', args[0] if args else None)
    data_samples = kwargs.get('data_samples', args[1] if len(args) > 1 else None)
    losses = dict(output)
    for functions in deferred:
        for function in functions:
            for name, value in function(total, inputs, data_samples).items():
                value = value / len(functions)
                losses[name] = losses[name] + value if name in losses else value
    return losses


def attach_auxiliary_losses(model: nn.Module) -> bool:
    """Make a detector or segmentor collect the losses of its parts.

    Call it on the module itself, not on its DistributedDataParallel wrapper.  Attaching twice does nothing.

    Args:
        model: A ``mmengine.model.BaseModel``; it must be called, ``model(inputs, data_samples, mode='loss')``, as
            mmengine's ``train_step`` does: ``model.loss(...)`` goes around the hooks.

    Returns:
        Whether the model has parts with losses of their own; without any it is left as it is.
    """
    members = _members(model)
    if members and _collect not in model._forward_hooks.values():
        model.register_forward_pre_hook(_clear)
        model.register_forward_hook(_collect, with_kwargs=True)
    for member in members:
        member._collected = True
    return bool(members)


def tell_progress(model: nn.Module, progress: TrainingProgress) -> None:
    """Tell the parts of a network how far the training is; call it before each step.

    Args:
        model: The module itself, not its DistributedDataParallel wrapper.
        progress: Where the training is.
    """
    for member in _members(model):
        member.progress = progress
