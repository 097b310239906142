"""Tridos's dual-view loss of boxes (TGRS 2024): overlap and Wasserstein distance."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers.precision import at_least_float32


def ciou_loss(pred: Tensor, target: Tensor) -> Tensor:
    """CIoU loss of pairs of boxes (N, 4), x1, y1, x2, y2; (N, ), in [0, 2].

    Unlike mmdet's, the aspect ratio counts at any overlap, and its weight has a gradient.
    """
    size, true_size = (boxes[:, 2:] - boxes[:, :2] for boxes in (pred, target))
    overlap = (torch.minimum(pred[:, 2:], target[:, 2:]) - torch.maximum(pred[:, :2], target[:, :2])).clamp(min=0)
    shared = overlap.prod(dim=1)
    iou = shared / (size.prod(dim=1) + true_size.prod(dim=1) - shared + 1e-16)
    hull = (torch.maximum(pred[:, 2:], target[:, 2:]) - torch.minimum(pred[:, :2], target[:, :2])).clamp(min=0)
    offset = (target[:, :2] + target[:, 2:] - pred[:, :2] - pred[:, 2:]) / 2
    distance = offset.square().sum(dim=1) / hull.square().sum(dim=1).clamp(min=1e-6)
    aspect, true_aspect = (torch.atan(x[:, 0] / x[:, 1].clamp(min=1e-6)) for x in (size, true_size))
    difference = 4 / math.pi**2 * (aspect - true_aspect).square()
    weight = difference / (1 - iou + difference).clamp(min=1e-6)
    return 1 - (iou - distance - weight * difference).clamp(min=-1, max=1)


def wasserstein_similarity(pred: Tensor, target: Tensor, constant: float = 12.0, eps: float = 1e-7) -> Tensor:
    """Normalized Gaussian Wasserstein similarity of pairs of boxes (N, 4), x1, y1, x2, y2; (N, ), in (0, 1).

    Source: Wang et al., arXiv 2110.13389.

    Args:
        pred: Boxes in pixels.
        target: Same shape.
        constant: Distance in pixels at which the similarity is 1 / e: about the size of a target.
        eps: Keeps the square root's gradient finite.
    """
    offset = (pred[:, :2] + pred[:, 2:] - target[:, :2] - target[:, 2:]) / 2
    change = (pred[:, 2:] - pred[:, :2]) - (target[:, 2:] - target[:, :2])
    squared = offset.square().sum(dim=1) + eps + change.square().sum(dim=1) / 4
    return torch.exp(-squared.sqrt() / constant)


@MODELS.register_module()
class DualViewBoxLoss(nn.Module):
    """Of all pairs of boxes: their summed CIoU losses, and the MEAN of one minus their Wasserstein similarity.

    That one term is a sum and the other a mean is Tridos's official code; its head divides both by the number of
    pairs.  It takes the place of ``loss_bbox`` of mmdet's YOLOX head.  Equal to the official code
    (UESTC-nnLab/Tridos, nets/yolo_training.py).

    Args:
        constant: See :func:`wasserstein_similarity`.
        distance_weight: Of the Wasserstein term; the other has the rest to 1.
        loss_weight: Factor of the loss.
    """

    def __init__(self, constant: float = 12.0, distance_weight: float = 0.5, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.constant = constant
        self.distance_weight = distance_weight
        self.loss_weight = loss_weight

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """Loss of pairs of boxes (N, 4), x1, y1, x2, y2 in pixels, N at least 1; a scalar, float32 or better."""
        pred, target = at_least_float32(pred), at_least_float32(target)
        overlap = ciou_loss(pred, target).sum()
        distance = (1 - wasserstein_similarity(pred, target, self.constant)).mean()
        return self.loss_weight * (self.distance_weight * distance + (1 - self.distance_weight) * overlap)
