"""Dice loss of one-channel logits."""

from __future__ import annotations

from torch import Tensor

from mmirstd.registry import MODELS

from .mask_loss import MaskLoss, weighted


@MODELS.register_module()
class DiceLoss(MaskLoss):
    """``1 - (2 I + smooth) / (P + T + smooth)``, summed per sample, averaged over the batch.

    I = sum(p * t), P = sum(p), T = sum(t).  mmseg's own ``DiceLoss`` does not know one-channel logits: its one-hot
    target of a single class is 1 everywhere.

    Args:
        smooth: Keeps empty images finite, > 0.
        extra_intersection: Adds I to the denominator, as MSHNet's official code does (Lliu666/MSHNet, model/loss.py;
            there unused).  A perfect prediction then costs about a third instead of nothing.
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(
        self,
        smooth: float = 1.0,
        extra_intersection: bool = False,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_dice',
    ) -> None:
        super().__init__(loss_weight, loss_name)
        self.smooth = smooth
        self.extra_intersection = extra_intersection

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; >= 0."""
        prob = weighted(logits.sigmoid(), weight).flatten(1)
        target = weighted(target, weight).flatten(1)
        intersection = (prob * target).sum(dim=1)
        total = prob.sum(dim=1) + target.sum(dim=1)
        if self.extra_intersection:
            total = total + intersection
        return 1 - ((2 * intersection + self.smooth) / (total + self.smooth)).mean()
