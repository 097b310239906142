"""The edge loss of ISNet."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmirstd.registry import MODELS

from ..layers import gradient_magnitude
from .mask_loss import MaskLoss, weighted
from .soft_iou_loss import soft_iou


@MODELS.register_module()
class ISNetEdgeLoss(MaskLoss):
    r"""Ten times binary cross-entropy plus soft IoU between edge logits and the gradient magnitude of the mask.

    The edges are :math:`e = \sqrt{v^2 + h^2 + 10^{-6}}` with ``v`` and ``h`` the central differences of the mask, not
    halved, zeros outside: up to :math:`\sqrt 2`, so the cross-entropy has no lower bound there (PyTorch's ``BCELoss``
    refuses such targets today; the formula is the same).  The official code applies a second sigmoid before the soft
    IoU; this is reproduced (``double_sigmoid``).  Equal to the edge part of BasicIRSTD's ``ISNetLoss`` (``loss.py``).

    Args:
        bce_weight: Factor of the cross-entropy.
        double_sigmoid: Soft IoU of ``sigmoid(sigmoid(logits))`` as in the official code; False for one sigmoid.
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(
        self,
        bce_weight: float = 10.0,
        double_sigmoid: bool = True,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_edge',
    ) -> None:
        super().__init__(loss_weight, loss_name)
        self.bce_weight = bce_weight
        self.double_sigmoid = double_sigmoid

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; ``target`` is the mask."""
        edges = ((2 * gradient_magnitude(target)).square() + 1e-6).sqrt()
        bce = weighted(F.binary_cross_entropy_with_logits(logits, edges, reduction='none'), weight).mean()
        prob = logits.sigmoid()
        if self.double_sigmoid:
            prob = prob.sigmoid()
        iou = soft_iou(weighted(prob, weight), weighted(edges, weight), per_sample=False)
        return self.bce_weight * bce + 1 - iou
