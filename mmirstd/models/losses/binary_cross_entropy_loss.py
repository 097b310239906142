"""Binary cross entropy of one-channel logits."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmirstd.registry import MODELS

from .mask_loss import MaskLoss, weighted


@MODELS.register_module()
class BinaryCrossEntropyLoss(MaskLoss):
    """Mean binary cross entropy over the pixels (UIU-Net, SCTransNet, the original ISNet).

    The same numbers as mmseg's ``CrossEntropyLoss(use_sigmoid=True)``, which for each call makes a GPU wait for the
    CPU several times (it looks for ignored pixels and checks the labels); this one never does.

    Args:
        avg_non_ignore: Whether ignored pixels are left out of the mean; False counts them as pixels with loss 0, as
            mmseg does by default.
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(self, avg_non_ignore: bool = False, loss_weight: float = 1.0, loss_name: str = 'loss_ce') -> None:
        super().__init__(loss_weight, loss_name)
        self.avg_non_ignore = avg_non_ignore

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; >= 0, and 0 of a batch of ignored pixels alone."""
        values = weighted(F.binary_cross_entropy_with_logits(logits, target, reduction='none'), weight)
        if not self.avg_non_ignore or weight is None:
            return values.mean()
        counted = (weight != 0).to(values).expand_as(values)
        return values.sum() / counted.sum().clamp_min(1)
