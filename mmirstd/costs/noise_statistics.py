"""Fresh networks to be measured: norms with the statistics of noise, so that deep features do not vanish."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

#: An almost constant channel would amplify rounding.
_LEAST_VARIANCE = 0.2


@torch.no_grad()
def set_norm_statistics(model: Any, inputs: Tensor) -> None:
    """Give the batch norms the statistics that they have on a batch; the model is in eval mode afterwards.

    With mean 0 and variance 1 no difference between two ways to compute would be seen.

    Args:
        model: Its ``forward(inputs, mode='tensor')`` runs the network.
        inputs: A batch as the network takes it.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    model.train()(inputs, mode='tensor')
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
        if norm.running_var is not None:
            norm.running_var.clamp_(min=_LEAST_VARIANCE)
    model.eval()
