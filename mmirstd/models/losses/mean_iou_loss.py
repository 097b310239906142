"""Soft IoU of target and background, averaged."""

from __future__ import annotations

from torch import Tensor

from mmirstd.registry import MODELS

from .mask_loss import MaskLoss, weighted


@MODELS.register_module()
class MeanIoULoss(MaskLoss):
    """``1 - mean`` of the soft IoU of target and of background, for each sample, averaged (MRF3Net).

    With p the probability, t the target: ``I / (P + T - I + 1e-16)`` of (p, t) and of (1 - p, 1 - t).  An image without
    target has a target IoU of 0, so its loss is at least one half.

    Args:
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(self, loss_weight: float = 1.0, loss_name: str = 'loss_mean_iou') -> None:
        super().__init__(loss_weight, loss_name)

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; in [0, 1]."""
        total = logits.new_zeros(())
        for prob, truth in ((logits.sigmoid(), target), ((-logits).sigmoid(), 1 - target)):
            prob, truth = weighted(prob, weight).flatten(1), weighted(truth, weight).flatten(1)
            intersection = (prob * truth).sum(dim=1)
            # The tiny number is lost beside any union but 0, and is none in float32's smallest ones.
            total = total + (intersection / (prob.sum(dim=1) + truth.sum(dim=1) - intersection + 1e-16)).mean()
        return 1 - total / 2
