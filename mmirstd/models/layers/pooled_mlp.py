"""A small network on the mean of an image, for gates and for numbers that depend on the whole image."""

from __future__ import annotations

from mmengine.model import BaseModule
from torch import Tensor, nn

from .global_mean import global_mean


class PooledMLP(BaseModule):
    """Global mean, then two 1x1 convolutions with a ReLU between them; no norm.

    Args:
        in_channels: Input channels.
        hidden: Channels between the convolutions.
        out_channels: Output channels; ``in_channels`` by default, as for a gate (squeeze and excitation).
        init_cfg: mmengine initialization.
    """

    def __init__(
        self, in_channels: int, hidden: int, out_channels: int | None = None, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        out_channels = in_channels if out_channels is None else out_channels
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, hidden, 1), nn.ReLU(inplace=True), nn.Conv2d(hidden, out_channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, 1, 1), before any sigmoid."""
        return self.layers(global_mean(x)[:, :, None, None])
