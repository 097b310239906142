"""Squeeze-and-excitation as the IRSTD networks use it."""

from __future__ import annotations

from mmengine.model import BaseModule
from torch import Tensor, nn

from .global_mean import global_mean


class SqueezeExcitation(BaseModule):
    """Channel reweighting by a bias-free two-layer MLP on the global average (Hu et al., 2018).

    mmseg's and mmdet's ``SELayer`` round the hidden width up to a multiple of 8 and use biases, so official
    IRSTD weights do not fit them.

    Args:
        channels: Input and output channels.
        ratio: Reduction of the hidden layer (hidden width = ``channels // ratio``).
        init_cfg: mmengine initialization; PyTorch's default without it.

    Raises:
        ValueError: If fewer than ``ratio`` channels are given (the hidden layer would be empty).
    """

    def __init__(self, channels: int, ratio: int = 4, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if channels < ratio:
            raise ValueError(f'SqueezeExcitation needs at least ratio={ratio} channels, got {channels}')
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // ratio, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(channels // ratio, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        weights = self.fc(global_mean(x))
        return x * weights[:, :, None, None]
