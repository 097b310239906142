"""MLCL-Net's decoder: multi-scale local contrast on each level, levels added up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule, Sequential
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, biased_conv, dilated_branch
from .top_down import TopDownNeck


class MultiScaleLocalContrast(BaseModule):
    """Three :func:`dilated_branch` (kernels 1, 3, 5 with dilations 1, 3, 5), concatenated, then conv1x1.

    Args:
        channels: Input and output channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(dilated_branch(channels, scale, scale) for scale in (1, 3, 5))
        self.fuse = nn.Conv2d(3 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return self.fuse(torch.cat([branch(x) for branch in self.branches], dim=1))


class UpsampleAdd(BaseModule):
    """The deep level upsampled (bilinear, ``align_corners=True``) plus the shallow one."""

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, C, h, w), (B, C, H, W) -> (B, C, H, W)."""
        return low + resize(high, size=low.shape[2:], mode='bilinear', align_corners=True, warning=False)


@MODELS.register_module()
class MLCLNeck(TopDownNeck):
    """Decoder of MLCL-Net (Yu et al., Infrared Physics & Technology 2022).

    Each level goes through multi-scale local contrast learning and conv1x1-ReLU to one width; from deep to shallow the
    levels are upsampled and added.  Equal to the official code (YuChuang1205/MSDA-Net, ``model/MLCL_Net``).

    Args:
        in_channels: Channels of the levels, finest first.
        out_channels: Channels of all outputs.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int = 64,
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
    ) -> None:
        self.out_channels = out_channels
        super().__init__(in_channels, init_cfg=init_cfg)

    def build_lateral(self, channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return Sequential(MultiScaleLocalContrast(channels), biased_conv(channels, self.out_channels, 1, norm_cfg=None))

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return UpsampleAdd()
