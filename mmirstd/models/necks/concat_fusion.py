"""The short top-down path of STMENet and TDCNet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from torch import Tensor, nn


class ConcatFusion(nn.Module):
    """Levels are joined from the coarsest to the finest, each by a 1x1 convolution.

    Args:
        channels: Of the levels, finest first; the result has the finest one's.
        norm_cfg: Norm layer config.
        act_cfg: Activation config.
    """

    def __init__(self, channels: Sequence[int], norm_cfg: dict, act_cfg: dict) -> None:
        super().__init__()
        self.joins = nn.ModuleList(
            ConvModule(coarse + fine, fine, 1, norm_cfg=norm_cfg, act_cfg=act_cfg)
            for fine, coarse in reversed(list(zip(channels, channels[1:])))
        )

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Levels (B, C_l, H_l, W_l), finest first -> (B, C_0, H_0, W_0)."""
        x = levels[-1]
        for join, finer in zip(self.joins, reversed(levels[:-1])):
            x = join(torch.cat([F.interpolate(x, finer.shape[-2:], mode='nearest'), finer], dim=1))
        return x
