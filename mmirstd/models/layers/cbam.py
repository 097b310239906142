"""The two halves of CBAM (Woo et al., 2018): attention maps, to be multiplied by the caller."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

# PyTorch's own default for Conv2d, restated so that a parent's initialisation does not overwrite it.
_DEFAULT_CONV_INIT = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform')


class ChannelAttention(BaseModule):
    """Channel attention map from a shared bias-free MLP on the global maximum and the global mean.

    Args:
        channels: Input channels.
        ratio: Reduction of the hidden layer; its width is ``max(1, channels // ratio)``.
        init_cfg: mmengine initialisation.
    """

    def __init__(self, channels: int, ratio: int = 8, init_cfg: dict | None = _DEFAULT_CONV_INIT) -> None:
        super().__init__(init_cfg)
        hidden = max(1, channels // ratio)
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=False), nn.ReLU(inplace=True),
            nn.Conv2d(hidden, channels, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 1, 1), in (0, 1)."""
        return torch.sigmoid(self.mlp(F.adaptive_max_pool2d(x, 1)) + self.mlp(F.adaptive_avg_pool2d(x, 1)))


class SpatialAttention(BaseModule):
    """Spatial attention map from a convolution over the channel maximum and the channel mean.

    Args:
        kernel_size: Odd size of the convolution.
        init_cfg: mmengine initialisation.
    """

    def __init__(self, kernel_size: int = 7, init_cfg: dict | None = _DEFAULT_CONV_INIT) -> None:
        super().__init__(init_cfg)
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W), in (0, 1)."""
        return torch.sigmoid(self.conv(torch.cat([x.amax(dim=1, keepdim=True), x.mean(dim=1, keepdim=True)], 1)))
