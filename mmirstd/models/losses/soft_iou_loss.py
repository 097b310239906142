"""Soft IoU loss, the usual loss of IRSTD segmentation."""

from __future__ import annotations

from torch import Tensor, nn

from mmirstd.registry import MODELS


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
class SoftIoULoss(nn.Module):
    """``1 - soft IoU`` of one-channel logits (GGL-Net's loss; Rahman and Wang, 2016, for the idea).

    The official codes differ in where they sum; both forms are reproduced (tests/data/golden/losses.json).
    Per sample, an image without target rewards an all-background answer; with many such windows in a batch the network
    can collapse to it (seen with a third of them).  Summed over the batch, empty windows only count as false alarms.

    Args:
        smooth: See :func:`soft_iou`.
        per_sample: See :func:`soft_iou`; True is what GGL-Net's authors use.
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimised.
    """

    def __init__(self,
                 smooth: float = 1.0,
                 per_sample: bool = True,
                 loss_weight: float = 1.0,
                 loss_name: str = 'loss_soft_iou') -> None:
        super().__init__()
        self.smooth = smooth
        self.per_sample = per_sample
        self.loss_weight = loss_weight
        self._loss_name = loss_name

    def forward(self,
                logits: Tensor,
                target: Tensor,
                weight: Tensor | None = None,
                ignore_index: int | None = 255,
                **kwargs) -> Tensor:
        """Loss of a batch, computed in float32 under autocast.

        Args:
            logits: Shape (B, 1, H, W).
            target: Shape (B, H, W) or (B, 1, H, W), 0 background, 1 target, ``ignore_index`` not counted.
            weight: Pixel weights broadcastable to the logits, 0 leaves a pixel out.
            ignore_index: Value of the pixels that do not count (padding).
            **kwargs: mmseg passes ``avg_factor`` and the like to every loss; they mean nothing here.

        Returns:
            Scalar, >= 0.
        """
        if target.ndim == logits.ndim - 1:
            target = target.unsqueeze(1)
        if target.shape != logits.shape:
            raise ValueError(f'SoftIoULoss: logits {tuple(logits.shape)} do not fit target {tuple(target.shape)}')
        prob = logits.float().sigmoid() if logits.dtype.itemsize < 4 else logits.sigmoid()
        if ignore_index is not None:
            valid = target != ignore_index
            prob, target = prob * valid, target * valid
        target = target.to(prob)
        if weight is not None:
            weight = weight.reshape(target.shape) if weight.numel() == target.numel() else weight
            prob, target = prob * weight, target * weight
        return self.loss_weight * (1 - soft_iou(prob, target, self.smooth, self.per_sample))

    @property
    def loss_name(self) -> str:
        """Key of this loss in the loss dict."""
        return self._loss_name
