"""The U-shaped decoder of ResUNet."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import CBAMResidualBlock
from .top_down import TopDownNeck


class ResidualFusion(BaseModule):
    """The low level beside the upsampled high level (bilinear, ``align_corners=True``), then a plain residual block."""

    def __init__(self, high_channels: int, low_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.block = CBAMResidualBlock(low_channels + high_channels, low_channels, cbam_ratio=None, norm_cfg=norm_cfg)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = resize(high, size=low.shape[2:], mode='bilinear', align_corners=True, warning=False)
        return self.block(torch.cat([low, high], dim=1))


@MODELS.register_module()
class ResUNetNeck(TopDownNeck):
    """Decoder of ResUNet as BasicIRSTD builds it (``model/ResUNet/model_ResUNet.py``): U-Net's, residual, no laterals.

    Arguments: see :class:`TopDownNeck`.
    """

    def build_lateral(self, channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return nn.Identity()

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return ResidualFusion(high_channels, low_channels, self.norm_cfg)
