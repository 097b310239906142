"""Scale-based dynamic loss of boxes (SDB loss, AAAI 2025)."""

from __future__ import annotations

import math
from typing import Any

import torch
from mmdet.models.losses.utils import weighted_loss
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers.precision import at_least_float32
from .sd_mask_loss import SMALL_TARGET


@weighted_loss
def sd_box_loss(pred: Tensor, target: Tensor, delta: float = 0.5, eps: float = 1e-7) -> Tensor:
    """One minus the scale-based dynamic IoU of each pair of boxes.

    Args:
        pred: (N, 4), x1, y1, x2, y2 in pixels.
        target: Same shape.
        delta: See :class:`SDBoxLoss`.
        eps: Keeps quotients finite.

    Returns:
        (N, ), >= 0.
    """
    size = (pred[:, 2:] - pred[:, :2]).clamp(min=eps)
    true_size = (target[:, 2:] - target[:, :2]).clamp(min=eps)
    overlap = (torch.minimum(pred[:, 2:], target[:, 2:]) - torch.maximum(pred[:, :2], target[:, :2])).clamp(min=0)
    area, true_area, shared = (x.prod(dim=1) for x in (size, true_size, overlap))
    iou = shared / (area + true_area - shared + eps)
    hull = torch.maximum(pred[:, 2:], target[:, 2:]) - torch.minimum(pred[:, :2], target[:, :2])
    offset = (target[:, :2] + target[:, 2:] - pred[:, :2] - pred[:, 2:]) / 2
    distance = offset.square().sum(dim=1) / (hull.square().sum(dim=1) + eps)
    # CIoU's penalty of another aspect ratio (Zheng et al., 2020), as YOLOv8 weighs it.
    aspect, true_aspect = (torch.atan(x[:, 0] / x[:, 1]) for x in (size, true_size))
    difference = 4 / math.pi**2 * (true_aspect - aspect).square()
    with torch.no_grad():
        alpha = difference / (difference - iou + 1 + eps)
    shift = delta - (delta * true_area / SMALL_TARGET).clamp(max=delta)
    return 1 - (shift + (1 - shift) * (iou - difference * alpha) - (1 + shift) * distance)


@MODELS.register_module()
class SDBoxLoss(nn.Module):
    """CIoU loss whose two terms are weighed by the size of the target (Yang et al., arXiv 2412.16986).

    With ``s = delta - min(delta * A / 81, delta)``, A the target's area in pixels:
    ``1 - [s + (1 - s) (IoU - aspect) - (1 + s) distance]``.  For a target of 81 pixels or more ``s = 0`` and the loss
    is CIoU's; for a smaller one the overlap, of which one pixel decides much, counts less and the distance of the
    centers more.  Equal to the official code (JN-Yang/PConv-SDloss-Data, model/loss.py).

    It takes the place of mmdet's IoU losses: ``loss_bbox=dict(type='mmirstd.SDBoxLoss', loss_weight=2.0)``.  The boxes
    must be in pixels of the network's input, as those of FCOS, RTMDet and YOLOX are.

    Args:
        delta: Largest shift of the weights, in [0, 1].
        eps: Keeps quotients finite.
        reduction: 'none', 'mean' or 'sum'.
        loss_weight: Factor of the loss.
    """

    def __init__(
        self, delta: float = 0.5, eps: float = 1e-7, reduction: str = 'mean', loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        self.delta = delta
        self.eps = eps
        self.reduction = reduction
        self.loss_weight = loss_weight

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """Loss of pairs of boxes.

        Args:
            pred: (N, 4), x1, y1, x2, y2 in pixels.
            target: Same shape.
            weight: (N, ) or (N, 4), 0 leaves a pair out.
            avg_factor: What the sum is divided by in place of N.
            reduction_override: Another reduction for this call.
            **kwargs: mmdet passes arguments of other losses; they mean nothing here.

        Returns:
            Scalar, or (N, ) without reduction; float32 or better.
        """
        reduction = reduction_override or self.reduction
        if weight is not None and weight.ndim > 1:
            weight = weight.mean(dim=-1)
        return self.loss_weight * sd_box_loss(
            at_least_float32(pred),
            at_least_float32(target),
            weight,
            delta=self.delta,
            eps=self.eps,
            reduction=reduction,
            avg_factor=avg_factor,
        )
