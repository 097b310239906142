"""MSDA-Net's decoder: feature alignment fusion (arXiv 2406.02037)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, Sequential
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, biased_conv, dilated_branch
from .top_down import TopDownNeck

INIT_CFG = (*KAIMING_FAN_OUT, dict(type='mmirstd.PyTorchInit', within='NormedLocalContrast'))


class NormedLocalContrast(BaseModule):
    """Local contrast at three scales: 1x1, 3x3 with dilation 3, 5x5 with dilation 5; concatenated, conv3x3-BN-ReLU.

    Args:
        channels: Input and output channels.
        norm_cfg: Norm layer config.
    """

    def __init__(self, channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                ConvModule(channels, channels, 1, norm_cfg=norm_cfg),
                dilated_branch(channels, 3, 3, norm_cfg),
                dilated_branch(channels, 5, 5, norm_cfg),
            ]
        )
        self.fuse = ConvModule(3 * channels, channels, 3, padding=1, norm_cfg=norm_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return self.fuse(torch.cat([branch(x) for branch in self.branches], dim=1))


class FeatureAlignmentFusion(BaseModule):
    """The upsampled deep level is corrected with the shallow one in sight, projected and added to the shallow one.

    Args:
        high_channels: Channels of the deep level.
        low_channels: Channels of the shallow level and of the result.
        norm_cfg: Norm layer config.
    """

    def __init__(self, high_channels: int, low_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.align = Sequential(
            biased_conv(high_channels + low_channels, high_channels, 1, norm_cfg),
            biased_conv(high_channels, high_channels, 3, norm_cfg),
        )
        self.project = biased_conv(high_channels, low_channels, 1, norm_cfg)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = resize(high, size=low.shape[2:], mode='bilinear', align_corners=True, warning=False)
        return low + self.project(high + self.align(torch.cat([high, low], dim=1)))


@MODELS.register_module()
class MSDANeck(TopDownNeck):
    """Decoder of MSDA-Net: local contrast on each level, then feature alignment fusion from deep to shallow.

    Source: MSDA-Net, arXiv 2406.02037; equal to the official code (YuChuang1205/MSDA-Net, ``model/MSDA_Net/MSDA.py``,
    classes ``RFB_modified_LCL`` and ``Sbam``), whose laterals have a convolution more that is never used.

    Args:
        in_channels: See :class:`TopDownNeck`.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; the official code's by default: Kaiming (fan out) for the fusions, PyTorch's
            own for the laterals.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = INIT_CFG,
    ) -> None:
        super().__init__(in_channels, norm_cfg=norm_cfg, init_cfg=init_cfg)

    def build_lateral(self, channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return NormedLocalContrast(channels, self.norm_cfg)

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return FeatureAlignmentFusion(high_channels, low_channels, self.norm_cfg)
