"""Non-local attention with a learned, initially closed gate."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn


class NonLocalBlock(BaseModule):
    """``x + gamma * attention(x)``: every position attends to all positions of its feature map.

    Values keep all channels and ``gamma`` starts at 0 (the position attention of DANet, Fu et al., 2019).
    ``mmcv.cnn.NonLocal2d`` has a reduced value and an output projection instead of ``gamma``, so AGPCNet's weights
    do not fit it.

    Args:
        channels: Input and output channels.
        ratio: Reduction of query and key.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If fewer than ``ratio`` channels are given (query and key would be empty).
    """

    def __init__(self, channels: int, ratio: int = 8, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if channels < ratio:
            raise ValueError(f'NonLocalBlock needs at least ratio={ratio} channels, got {channels}')
        self.query = nn.Conv2d(channels, channels // ratio, 1)
        self.key = nn.Conv2d(channels, channels // ratio, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        query, key, value = (conv(x).flatten(2) for conv in (self.query, self.key, self.value))
        attention = torch.softmax(query.transpose(1, 2) @ key, dim=-1)  # (B, HW, HW), rows sum to 1
        return self.gamma * (value @ attention.transpose(1, 2)).view_as(x) + x
