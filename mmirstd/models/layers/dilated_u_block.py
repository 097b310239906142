"""ABC's block for deep levels: convolutions with dilations in place of scales."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from torch import Tensor

from .conv import biased_conv


class DilatedUBlock(BaseModule):
    """U-shaped convolution-dilated convolution (UCDC): down by dilations 1, 2, 4 and up again by 2 and 1.

    The way up sees, beside the deeper result, that of the same dilation on the way down.  Each convolution is
    conv3x3-BN-ReLU; within, there are half as many channels.  Source: ABC (Pan et al., ICME 2023, arXiv 2303.10321).

    Args:
        in_channels: Input channels.
        out_channels: Output channels, even.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        half = out_channels // 2
        self.entry = biased_conv(in_channels, out_channels, 3, norm_cfg)
        self.down = biased_conv(out_channels, half, 3, norm_cfg, dilation=2)
        self.bottom = biased_conv(half, half, 3, norm_cfg, dilation=4)
        self.up = biased_conv(2 * half, out_channels, 3, norm_cfg, dilation=2)
        self.leave = biased_conv(2 * out_channels, out_channels, 3, norm_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H, W)."""
        entry = self.entry(x)
        down = self.down(entry)
        up = self.up(torch.cat([down, self.bottom(down)], dim=1))
        return self.leave(torch.cat([entry, up], dim=1))
