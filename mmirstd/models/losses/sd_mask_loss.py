"""Scale-based dynamic loss of masks (SDM loss, AAAI 2025)."""

from __future__ import annotations

from torch import Tensor

from mmirstd.registry import MODELS

from .sls_iou_loss import SLSIoULoss

# Pixels of a small target (9 x 9) and of the image that this size belongs to, as the authors set them.
SMALL_TARGET = 81
REFERENCE_IMAGE = 512 * 512


@MODELS.register_module()
class SDMaskLoss(SLSIoULoss):
    """MSHNet's loss whose two terms are weighed by the size of the targets (Yang et al., arXiv 2412.16986).

    ``(1 + beta) * scale term + (1 - beta) * location term`` with ``beta = min(delta * T / 81, delta)``, T the pixels of
    a sample's targets in an image of 512x512 (scaled by the area), averaged over the batch: the larger the targets, the
    more their scale counts and the less their location.  All else is as in :class:`SLSIoULoss`.  Equal to the official
    code (JN-Yang/PConv-SDloss-Data, model/loss.py).

    An image of 32x32 has a 256th of the reference's pixels, so one target pixel already gives ``beta = delta``.

    Args:
        warm_epoch: As for :class:`SLSIoULoss`.
        with_location: As for :class:`SLSIoULoss`; without the location term nothing is weighed.
        delta: Largest shift of the weights, in [0, 1].
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(
        self,
        warm_epoch: int = 5,
        with_location: bool = True,
        delta: float = 0.5,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_sd_mask',
    ) -> None:
        super().__init__(warm_epoch, with_location, loss_weight, loss_name)
        self.delta = delta

    def join(self, scale: Tensor, location: Tensor, target: Tensor) -> Tensor:
        """See :class:`SLSIoULoss`."""
        height, width = target.shape[-2:]
        pixels = target.sum(dim=(1, 2, 3)) * (REFERENCE_IMAGE / (height * width))
        beta = (self.delta * pixels / SMALL_TARGET).clamp(max=self.delta).mean()
        return (1 + beta) * scale + (1 - beta) * location
