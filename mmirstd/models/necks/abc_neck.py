"""ABC's decoder (ICME 2023, arXiv 2303.10321)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule, Sequential
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import DilatedUBlock, biased_conv
from .top_down import TopDownNeck


class UpConvFusion(BaseModule):
    """The low level beside the high one, which was upsampled (bilinear) and convolved; then a block.

    Args:
        high_channels: Channels of the high level.
        low_channels: Channels of the low level and of the result.
        dilated: The block is a :class:`~mmirstd.models.layers.DilatedUBlock` instead of two convolutions.
        norm_cfg: Norm layer config.
    """

    def __init__(self, high_channels: int, low_channels: int, dilated: bool, norm_cfg: dict) -> None:
        super().__init__()
        self.up = biased_conv(high_channels, low_channels, 3, norm_cfg)
        self.block: nn.Module
        if dilated:
            self.block = DilatedUBlock(2 * low_channels, low_channels, norm_cfg)
        else:
            self.block = Sequential(
                biased_conv(2 * low_channels, low_channels, 3, norm_cfg),
                biased_conv(low_channels, low_channels, 3, norm_cfg),
            )

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = resize(high, size=low.shape[2:], mode='bilinear', align_corners=False, warning=False)
        return self.block(torch.cat([low, self.up(high)], dim=1))


@MODELS.register_module()
class ABCNeck(TopDownNeck):
    """U-Net's decoder whose deepest fusion has dilations.

    Source: ABC, arXiv 2303.10321; equal to the official code (PANPEIWEN/ABC, model/ABC/ABCNet.py).

    Args:
        in_channels: Channels of the levels, finest first.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; PyTorch's own by default, as in the official code.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (32, 64, 128, 256, 512),
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = dict(type='mmirstd.PyTorchInit', within='ABCNeck'),
    ) -> None:
        fusions = len(in_channels) - 1
        self._dilated = iter([i == fusions - 1 for i in range(fusions)])
        super().__init__(in_channels, norm_cfg, init_cfg)

    def build_lateral(self, channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return nn.Identity()

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return UpConvFusion(high_channels, low_channels, next(self._dilated), self.norm_cfg)
