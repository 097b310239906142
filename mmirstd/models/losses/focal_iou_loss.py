"""MTU-Net's loss: focal cross entropy whose exponent depends on the IoU."""

from __future__ import annotations

import torch
from torch import Tensor

from mmirstd.registry import MODELS

from .mask_loss import MaskLoss, weighted
from .soft_iou_loss import soft_iou


@MODELS.register_module()
class FocalIoULoss(MaskLoss):
    """Focal loss sharpened as the prediction improves, summed over the pixels (MTU-Net, IEEE TGRS 2023).

    With b the cross entropy of a pixel, u the soft IoU of the whole batch and ``f = (1 - exp(-b))^gamma b``: the sum
    of ``a (1 - u) f^(u / 2 + 1 / 2)``, a = ``alpha`` on target pixels and ``1 - alpha`` elsewhere.  Equal to the
    official code (TianhaoWu16/Multi-level-TransUNet-for-Space-based-Infrared-Tiny-ship-Detection, model/loss.py), which
    pulls probabilities toward 1/2 by a thousandth, so that the power has a gradient everywhere.

    It is a sum, hundreds for a window of 256 pixels: learning rates of other losses do not carry over.

    Args:
        alpha: Weight of target pixels.
        gamma: Exponent that plays down pixels already right.
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(
        self, alpha: float = 0.75, gamma: float = 2.0, loss_weight: float = 1.0, loss_name: str = 'loss_focal_iou'
    ) -> None:
        super().__init__(loss_weight, loss_name)
        self.alpha = alpha
        self.gamma = gamma

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; >= 0."""
        prob = 0.999 * (logits.sigmoid() - 0.5) + 0.5
        iou = soft_iou(weighted(prob, weight), weighted(target, weight), per_sample=False)
        # PyTorch's function of this name refuses to run within autocast on a GPU; prob is never 0 or 1.
        entropy = -(target * prob.log() + (1 - target) * (1 - prob).log())
        focal = (1 - torch.exp(-entropy)) ** self.gamma * entropy
        balance = self.alpha * target + (1 - self.alpha) * (1 - target)
        return weighted(balance * (1 - iou) * focal ** (iou / 2 + 0.5), weight).sum()
