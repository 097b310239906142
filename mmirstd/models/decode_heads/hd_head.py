"""HDNet's head: a high-pass filtered image scales the prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmseg.models.utils import resize
from torch import Tensor

from mmirstd.registry import MODELS

from ..layers import DynamicHighPass
from .warm_up_head import WarmUpHead


@MODELS.register_module()
class HDHead(WarmUpHead):
    """MSHNet's head, whose fused map is multiplied by ``1 + sigmoid(filtered image)``.

    The image feature (last input) passes the levels' maps from coarse to fine.  Each weighs it by ``1 + sigmoid``, and
    low frequencies are taken away (:func:`~mmirstd.models.layers.high_pass.dynamic_high_pass`), fewer each time.

    The factor lies between 1.5 and 2, so it never changes a sign: at the threshold 0.5 the predicted mask is that of
    the fused map alone.  It changes probabilities, and with them the loss.

    Source: HDNet (Xu et al., IEEE TGRS 2025); equal to the official code (xumingzhu989/HDNet-TGRS, ``model/HDNet.py``).

    Args:
        *args: As for :class:`WarmUpHead`.
        energies: Share of the energy that is taken away at each level, finest first.
        symmetric: See :func:`~mmirstd.models.layers.high_pass.dynamic_high_pass`; False is the official code.
        **kwargs: As for :class:`WarmUpHead`.

    Raises:
        ValueError: If there is not one share for each level.
    """

    def __init__(
        self, *args: Any, energies: Sequence[float] = (0.1, 0.2, 0.4, 0.8), symmetric: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if len(energies) != len(self.in_channels):
            raise ValueError(f'HDHead: energies {energies} must be as many as in_channels {self.in_channels}')
        self.energies = list(energies)
        self.high_pass = DynamicHighPass(symmetric)

    def level_logits(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Logits as of :class:`WarmUpHead`, the fused ones scaled."""
        logits = super().level_logits(inputs)
        fused = 0 if self.fusion_predicts else 1
        sides = logits[:fused] + logits[fused + 1 :]
        logits[fused] = logits[fused] * (1 + self._filtered(inputs[-1], sides).sigmoid())
        return logits

    def _filtered(self, image: Tensor, sides: Sequence[Tensor]) -> Tensor:
        """The image feature (B, 1, H, W) after all levels, coarsest first; with ``map_channels`` one for each map."""
        for side, share in zip(reversed(sides), reversed(self.energies)):
            side = resize(side, image.shape[2:], mode='bilinear', align_corners=self.align_corners, warning=False)
            image = image * (1 + torch.sigmoid(side))
            image = self.high_pass(image.flatten(0, 1)[:, None], share).view_as(image)
        return image
