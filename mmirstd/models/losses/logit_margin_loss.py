"""A loss term that keeps logits from growing without end."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmirstd.registry import MODELS

from .mask_loss import MaskLoss, weighted


@MODELS.register_module()
class LogitMarginLoss(MaskLoss):
    """Mean of ``relu(|logit| / margin - 1)`` over the pixels, whatever the target is; ours.

    Soft IoU gains by every pixel that comes nearer to 0 or 1, so training goes on to raise logits that have long been
    decided, and float32 rounds their probabilities. Beyond the margin this term pulls them back, by a gradient that
    does not grow with the logit; within it, it does nothing. Stands beside the loss of any network with masks::

        loss_decode=[dict(type='mmirstd.SoftIoULoss'), dict(type='mmirstd.LogitMarginLoss')]

    Args:
        margin: Logits up to this one, of either sign, are free; > 0. The probability of 8 is 0.99966.
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.

    Raises:
        ValueError: ``margin`` is not positive.
    """

    def __init__(self, margin: float = 8.0, loss_weight: float = 0.1, loss_name: str = 'loss_logit_margin') -> None:
        super().__init__(loss_weight, loss_name)
        if not margin > 0:
            raise ValueError(f'LogitMarginLoss: margin is {margin}; expected a number above 0')
        self.margin = margin

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; >= 0. Pixels of weight 0 add nothing, and count in the mean."""
        return weighted(F.relu(logits.abs() / self.margin - 1), weight).mean()
