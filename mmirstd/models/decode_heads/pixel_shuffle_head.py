"""A head that writes a square of pixels from each position (RISTDnet)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from mmirstd.registry import MODELS

from .irstd_head import IRSTDHead


@MODELS.register_module()
class PixelShuffleHead(IRSTDHead):
    """A 1x1 convolution without bias gives the logits of ``upscale x upscale`` pixels at each position.

    Like RISTDnet's (Hou et al., IEEE GRSL 2022) the convolution has twice as many channels: the first half, the
    likelihood of background, is not used.

    Args:
        in_channels: Channels of the level.
        upscale: Stride of the level.
        **kwargs: As for :class:`IRSTDHead`, without those of levels and convolutions.
    """

    def __init__(self, in_channels: int, upscale: int = 8, **kwargs) -> None:
        super().__init__(in_channels=in_channels, **kwargs)
        self.upscale = upscale
        self.conv_seg = nn.Conv2d(in_channels, 2 * self.map_channels * upscale**2, 1, bias=False)

    def cls_seg(self, feat: Tensor) -> Tensor:
        """(B, in_channels, h, w) -> (B, map_channels, h * upscale, w * upscale)."""
        return F.pixel_shuffle(self.conv_seg(feat)[:, self.map_channels * self.upscale**2 :], self.upscale)
