"""The focal loss of CornerNet, which the authors of ISTDU-Net and, in a form of its own, of LESPS train with."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

from mmirstd.registry import MODELS

from .mask_loss import MaskLoss, weighted

# The official code clamps probabilities to [1e-4, 1 - 1e-4]; this is the same in logits.
_LOGIT_LIMIT = math.log(1e4 - 1)


@MODELS.register_module()
class CornerFocalLoss(MaskLoss):
    """Focal loss divided by the number of target pixels (Law and Deng, CornerNet, ECCV 2018, eq. 1).

    ``-[sum over t = 1 of (1 - p)^alpha log p + sum over t < 1 of p^alpha (1 - t)^beta log(1 - p)] / N`` with N the
    target pixels of the whole batch (1 if there are none).  mmdet's ``GaussianFocalLoss`` is the same sum for
    probabilities with another normalizer; Lin et al.'s focal loss is mmseg's ``FocalLoss``, which takes one-channel
    logits.

    The official ISTDU-Net code (in XinyiYing/BasicIRSTD, model/ISTDU-Net-main/model/mLoss.py) broadcasts each
    prediction of a batch against the targets of ALL its samples, so it agrees with this for a batch of one; with more,
    every prediction is also pushed toward its neighbors' targets.  That is not reproduced.

    Args:
        alpha: Exponent that plays down pixels already right.
        beta: Exponent that plays down the surroundings of soft targets; of no effect on masks of 0 and 1.
        soft_positives: LESPS's form for labels between 0 and 1: the first sum is over all pixels, each with its label
            as a weight, ``t (1 - p)^alpha log p``. Of no effect on masks of 0 and 1.
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(
        self,
        alpha: float = 2.0,
        beta: float = 4.0,
        soft_positives: bool = False,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_focal',
    ) -> None:
        super().__init__(loss_weight, loss_name)
        self.alpha = alpha
        self.beta = beta
        self.soft_positives = soft_positives

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; >= 0."""
        logits = logits.clamp(-_LOGIT_LIMIT, _LOGIT_LIMIT)
        prob = logits.sigmoid()
        positive = (target == 1).to(logits)
        share = target if self.soft_positives else positive
        gain = share * (1 - prob) ** self.alpha * F.logsigmoid(logits)
        gain = gain + (1 - positive) * prob**self.alpha * (1 - target) ** self.beta * F.logsigmoid(-logits)
        return -weighted(gain, weight).sum() / weighted(positive, weight).sum().clamp(min=1)
