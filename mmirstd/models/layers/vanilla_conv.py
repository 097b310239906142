"""VanillaNet's convolution with a series activation, of which MRF3Net is built."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn


class SeriesActivation(BaseModule):
    """ReLU, then a depthwise convolution and batch norm: a learned sum of activations around a place.

    Source: VanillaNet (Chen et al., 2023).

    Args:
        channels: Input and output channels.
        radius: Of the square kernel, in pixels.
    """

    def __init__(self, channels: int, radius: int = 3) -> None:
        super().__init__()
        size = 2 * radius + 1
        self.weight = nn.Parameter(torch.randn(channels, 1, size, size))
        self.bn = nn.BatchNorm2d(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        weight = self.weight
        return self.bn(F.conv2d(x.relu(), weight, padding=weight.shape[-1] // 2, groups=len(weight)))


class VanillaConv(BaseModule):
    """Convolution without bias, batch norm, series activation; size kept.

    Args:
        in_channels: Input channels.
        channels: Output channels.
        kernel_size: Odd.
    """

    def __init__(self, in_channels: int, channels: int, kernel_size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, channels, kernel_size, padding=kernel_size // 2, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.act = SeriesActivation(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels, H, W)."""
        return self.act(self.bn(self.conv(x)))
