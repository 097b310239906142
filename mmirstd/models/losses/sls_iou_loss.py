"""Scale and location sensitive IoU loss (MSHNet, CVPR 2024)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mmirstd.registry import MODELS

from .mask_loss import MaskLoss, weighted
from .warm_up import in_warm_up


def location_loss(prob: Tensor, target: Tensor) -> Tensor:
    """Distance of prediction and target in length and angle of their mean positions (MSHNet's ``LLoss``).

    The position is ``(mean(x p), mean(y p))`` with x = column / width, y = row / height, each in [0, 1).  The means
    are taken over all pixels and are NOT divided by the mass of p, so the length also grows with the area; the paper
    speaks of center points.  Kept as the official code has it.

    Args:
        prob: (B, 1, H, W) in [0, 1].
        target: Same shape.

    Returns:
        Scalar in [0, 2]: mean over the batch of ``1 - min(length) / max(length) + 4 / pi^2 (angle difference)^2``.
    """
    eps = 1e-8
    height, width = prob.shape[-2:]
    columns = torch.arange(width, device=prob.device, dtype=prob.dtype) / width
    rows = torch.arange(height, device=prob.device, dtype=prob.dtype)[:, None] / height

    def polar(mask: Tensor) -> tuple[Tensor, Tensor]:
        x, y = (mask * columns).mean(dim=(1, 2, 3)), (mask * rows).mean(dim=(1, 2, 3))
        return (x.square() + y.square() + eps).sqrt(), torch.atan(y / (x + eps))

    (length, angle), (true_length, true_angle) = polar(prob), polar(target)
    ratio = torch.minimum(length, true_length) / (torch.maximum(length, true_length) + eps)
    return (1 - ratio + 4 / math.pi**2 * (angle - true_angle).square()).mean()


@MODELS.register_module()
class SLSIoULoss(MaskLoss):
    """IoU weighted by how well the areas agree, plus a location term (Liu et al., CVPR 2024, arXiv 2403.19366).

    Per sample, with I, P, T the sums of p * t, p and t: ``iou = I / (P + T - I)``, ``d = ((P - T) / 2)^2``,
    ``w = (min(P, T) + d) / (max(P, T) + d)``; the loss is ``1 - mean(w * iou) + location_loss``.  During the warm-up
    epochs it is the plain ``1 - mean(iou)``.  Equal to the official code (Lliu666/MSHNet, model/loss.py).

    HDNet (xumingzhu989/HDNet-TGRS, model/loss.py) weighs the samples by the area of their targets instead of averaging
    them (``by_area``): a sample without target then has no IoU term.

    Without smoothing, a sample that holds no target gets no gradient from the IoU, only from the location term.

    Args:
        warm_epoch: Last epoch of the warm-up, counted from 0, so the official 5 means six epochs; -1 for none.  The
            epoch is that of mmengine's epoch-based loop (see :func:`~mmirstd.models.losses.warm_up.in_warm_up`).
        with_location: Add the location term.
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
        by_area: Weigh the IoU terms by each sample's share of the batch's target pixels.
    """

    def __init__(
        self,
        warm_epoch: int = 5,
        with_location: bool = True,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_sls_iou',
        by_area: bool = False,
    ) -> None:
        super().__init__(loss_weight, loss_name)
        self.warm_epoch = warm_epoch
        self.with_location = with_location
        self.by_area = by_area

    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """See :class:`MaskLoss`; >= 0."""
        prob, target = weighted(logits.sigmoid(), weight), weighted(target, weight)
        intersection, area, true_area = (x.sum(dim=(1, 2, 3)) for x in (prob * target, prob, target))
        # Of a prediction that is exactly 0 and an empty target the quotients would be NaN.
        tiny = torch.finfo(prob.dtype).tiny
        iou = intersection / (area + true_area - intersection).clamp(min=tiny)
        if in_warm_up(self.warm_epoch):
            return self._over_samples(1 - iou, true_area)
        spread = ((area - true_area) / 2).square()
        scale = (torch.minimum(area, true_area) + spread) / (torch.maximum(area, true_area) + spread).clamp(min=tiny)
        loss = self._over_samples(1 - scale * iou, true_area)
        return self.join(loss, location_loss(prob, target), target) if self.with_location else loss

    def join(self, scale: Tensor, location: Tensor, target: Tensor) -> Tensor:
        """The whole loss from its scale term and its location term, both scalars."""
        return scale + location

    def _over_samples(self, losses: Tensor, true_area: Tensor) -> Tensor:
        """One number of a loss a sample."""
        if not self.by_area:
            return losses.mean()
        return (losses * true_area).sum() / true_area.sum().clamp(min=torch.finfo(losses.dtype).tiny)
