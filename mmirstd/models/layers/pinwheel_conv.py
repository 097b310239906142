"""Pinwheel-shaped convolution (PConv, AAAI 2025)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor

from mmirstd.registry import MODELS


@MODELS.register_module()
class PinwheelConv(BaseModule):
    """Four strips that leave a pixel to its left, right, top and bottom, joined by a 2x2 convolution.

    Small targets look like a Gaussian; the strips cover a large cross with the parameters of a few pixels.  Left and
    right share one ``1 x kernel_size`` convolution and top and bottom one ``kernel_size x 1``, each with a quarter of
    the output channels; the offsets come from zeros on one side only.  Every convolution has a norm and an activation.
    Source: Yang et al., AAAI 2025, arXiv 2412.16986; equal to the official code (JN-Yang/PConv-SDloss-Data,
    model/APConv.py).

    Args:
        in_channels: Input channels.
        out_channels: Output channels, a multiple of 4.
        kernel_size: Length of a strip; 3 or 4 in the paper.
        stride: Of the strips.
        norm_cfg: Norm layer config.
        act_cfg: Activation config.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If the output channels are no multiple of 4.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        stride: int = 1,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='SiLU'),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if out_channels % 4:
            raise ValueError(f'PinwheelConv: out_channels={out_channels} is no multiple of 4')
        shared = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        quarter = out_channels // 4
        self.horizontal = ConvModule(in_channels, quarter, (1, kernel_size), stride, **shared)
        self.vertical = ConvModule(in_channels, quarter, (kernel_size, 1), stride, **shared)
        self.join = ConvModule(out_channels, out_channels, 2, **shared)
        self.kernel_size = kernel_size

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H // stride, W // stride)."""
        k = self.kernel_size
        # F.pad's order: left, right, top, bottom.
        strips = [
            self.horizontal(F.pad(x, (k, 0, 1, 0))),
            self.horizontal(F.pad(x, (0, k, 0, 1))),
            self.vertical(F.pad(x, (0, 1, k, 0))),
            self.vertical(F.pad(x, (1, 0, 0, k))),
        ]
        return self.join(torch.cat(strips, dim=1))
