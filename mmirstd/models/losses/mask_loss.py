"""What the losses between one-channel logits and target masks share."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from ..layers.precision import at_least_float32


class MaskLoss(nn.Module, ABC):
    """Loss between one-channel logits and a mask; a subclass writes :meth:`compute`.

    The base brings what mmseg's heads pass into one form: labels without a channel axis, ignored pixels, pixel weights
    and low-precision logits.

    Args:
        loss_weight: Factor of the loss.
        loss_name: Key in the loss dict; must start with ``loss_`` to be optimized.
    """

    def __init__(self, loss_weight: float, loss_name: str) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self._loss_name = loss_name

    @abstractmethod
    def compute(self, logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """The loss without its factor.

        Args:
            logits: (B, 1, H, W), float32 or better.
            target: Same shape and type, in [0, 1].
            weight: Weight of each pixel (broadcastable to the logits), 0 where it does not count; None where all
                count equally.

        Returns:
            Scalar.
        """

    def forward(
        self, logits: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int | None = 255, **kwargs
    ) -> Tensor:
        """Loss of a batch, computed in float32 under autocast.

        Args:
            logits: Shape (B, 1, H, W).
            target: Shape (B, H, W) or (B, 1, H, W), 0 background, 1 target, ``ignore_index`` not counted.
            weight: Pixel weights broadcastable to the logits, 0 leaves a pixel out.
            ignore_index: Value of the pixels that do not count (padding).
            **kwargs: mmseg passes ``avg_factor`` and the like to every loss; they mean nothing here.

        Returns:
            Scalar.

        Raises:
            ValueError: If the shapes of logits and target differ.
        """
        if target.ndim == logits.ndim - 1:
            target = target.unsqueeze(1)
        if target.shape != logits.shape:
            cure = ''
            if logits.ndim == 4 and logits.shape[1] != 1:
                cure = (
                    '\n  cure: this loss takes one logit a pixel: '
                    'decode_head=dict(num_classes=2, out_channels=1, threshold=0.5)'
                )
            raise ValueError(
                f'{type(self).__name__}: logits {tuple(logits.shape)} do not fit target {tuple(target.shape)}{cure}'
            )
        logits = at_least_float32(logits)
        if weight is not None:
            weight = (weight.reshape(target.shape) if weight.numel() == target.numel() else weight).to(logits)
        if ignore_index is not None:
            valid = target != ignore_index
            target = target * valid
            weight = valid.to(logits) if weight is None else weight * valid
        return self.loss_weight * self.compute(logits, target.to(logits), weight)

    @property
    def loss_name(self) -> str:
        """Key of this loss in the loss dict."""
        return self._loss_name


def weighted(values: Tensor, weight: Tensor | None) -> Tensor:
    """``values * weight``, or the values where there is no weight."""
    return values if weight is None else values * weight
