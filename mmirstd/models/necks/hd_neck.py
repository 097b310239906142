"""HDNet's decoder."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmirstd.registry import MODELS

from .resunet_neck import ResUNetNeck


@MODELS.register_module()
class HDNeck(ResUNetNeck):
    """MSHNet's decoder, past which the image feature goes to the head.

    Arguments: see :class:`ResUNetNeck`.
    """

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Features, finest first, and the image feature -> decoded features and the image feature as it came."""
        *levels, image = inputs
        return (*super().forward(levels), image)
