"""Soft IoU loss, the usual loss of IRSTD segmentation."""

from __future__ import annotations

from torch import Tensor

from mmirstd.registry import MODELS

from .mask_loss import MaskLoss, weighted


def soft_iou(prob: Tensor, target: Tensor, smooth: float = 1.0, per_sample: bool = True) -> Tensor:
    """Differentiable IoU ``(I + smooth) / (P + T - I + smooth)`` with I = sum(p * t), P = sum(p), T = sum(t).

    Args:
        prob: Probabilities in [0, 1], shape (B, ...).
        target: Same shape, values in [0, 1].
        smooth: Keeps empty images finite, >= 0.
        per_sample: Sums over each sample and averages over the batch (MSDA-Net, MSHNet); otherwise sums over the
            whole batch (BasicIRSTD, DNANet).

    Returns:
        Scalar in [0, 1].
    """
    prob, target = (x.flatten(1) if per_sample else x.reshape(1, -1) for x in (prob, target))
    intersection = (prob * target).sum(dim=1)
    union = prob.sum(dim=1) + target.sum(dim=1) - intersection
    return ((intersection + smooth) / (union + smooth)).mean()


@MODELS.register_module()
class SoftIoULoss(MaskLoss):
    """``1 - soft IoU`` of one-channel logits (GGL-Net's loss; Rahman and Wang, 2016, for the idea).

    The official codes differ in where they sum; both forms are reproduced (tests/data/golden/losses.json).
    Per sample, an image without target rewards an all-background answer; with many such windows in a batch the network
    can collapse to it (seen with a third of them).  Summed over the batch, empty windows only count as false alarms.

    Args:
        smooth: See :func:`soft_iou`; 1 in most official codes, 0 in the original ISNet's, which adds the binary cross
            entropy (``loss_decode=[dict(type='mmirstd.SoftIoULoss', smooth=0),
            dict(type='mmirstd.BinaryCrossEntropyLoss')]``).
        per_sample: See :func:`soft_iou`; True is what GGL-Net's authors use.
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(
        self, smooth: float = 1.0, per_sample: bool = True, loss_weight: float = 1.0, loss_name: str = 'loss_soft_iou'
    ) -> None:
        super().__init__(loss_weight, loss_name)
        self.smooth = smooth
        self.per_sample = per_sample

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; >= 0."""
        prob = weighted(logits.sigmoid(), weight)
        return 1 - soft_iou(prob, weighted(target, weight), self.smooth, self.per_sample)
