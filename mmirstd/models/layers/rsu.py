"""The residual U-block of U2-Net, of which UIU-Net is built."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from .conv import biased_conv


class ResidualUBlock(BaseModule):
    """A small U-Net with a residual connection around it (RSU; Qin et al., U2-Net, 2020, figure 2).

    ``x0 = conv(x)``; ``depth - 1`` convolutions go down, a 2x2 max pool (ceil) between them, a convolution with
    dilation 2 is the bottom, and ``depth - 1`` convolutions go up, each on the level below (bilinearly upsampled)
    concatenated with its own level; the result is added to ``x0``.  With ``dilated=True`` (RSU-4F) nothing is pooled
    and dilations 1, 2, 4, ... stand for the scales.  Every convolution is conv3x3-BN-ReLU.

    Args:
        in_channels: Input channels.
        mid_channels: Channels within.
        out_channels: Output channels.
        depth: Convolutions on the way down, the bottom included: 7 for RSU-7, at least 2.
        dilated: Dilate instead of pooling.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If ``depth`` is less than 2.
    """

    def __init__(
        self,
        in_channels: int,
        mid_channels: int,
        out_channels: int,
        depth: int,
        dilated: bool = False,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if depth < 2:
            raise ValueError(f'ResidualUBlock needs a depth of at least 2, got {depth}')

        def conv(before: int, after: int, dilation: int) -> nn.Module:
            return biased_conv(before, after, 3, norm_cfg, dilation=dilation)

        down = [2**i for i in range(depth)] if dilated else [1] * (depth - 1) + [2]
        up = down[:-1] if dilated else [1] * (depth - 1)
        self.entry = conv(in_channels, out_channels, 1)
        self.down = nn.ModuleList(
            conv(mid_channels if i else out_channels, mid_channels, dilation) for i, dilation in enumerate(down)
        )
        # up[i] makes level i.
        self.up = nn.ModuleList(
            conv(2 * mid_channels, mid_channels if i else out_channels, dilation) for i, dilation in enumerate(up)
        )
        self.pool = nn.Identity() if dilated else nn.MaxPool2d(2, stride=2, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H, W)."""
        entry = self.entry(x)
        levels = [self.down[0](entry)]
        for conv in self.down[1:-1]:
            levels.append(conv(self.pool(levels[-1])))
        out = self.down[-1](levels[-1])
        for conv, level in zip(reversed(self.up), reversed(levels)):
            out = resize(out, size=level.shape[2:], mode='bilinear', align_corners=False, warning=False)
            out = conv(torch.cat([out, level], dim=1))
        return out + entry
