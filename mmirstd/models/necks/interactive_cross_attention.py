"""UIU-Net's decoder: interactive-cross attention between levels, residual U-blocks after it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import ResidualUBlock, SpatialAttention, biased_conv


class InteractiveCrossAttention(BaseModule):
    """Interactive-cross attention (IC-A) of UIU-Net: each level is weighted by what the other one says.

    ``high`` is projected by conv1x1-BN-ReLU.  Channel weights ``c`` come from its global mean (conv1x1-BN-ReLU-
    conv1x1-BN-sigmoid), position weights ``s`` from ``low * c`` (conv1x1-BN-ReLU, spatial attention).  The results are
    ``post(2 * low * c)`` and ``post(2 * high * s)`` with one and the same conv3x3-BN-ReLU ``post``.

    Args:
        channels: Channels of both levels and of both results.
        ratio: Reduction of the attentions' hidden layers.
        norm_cfg: Norm layer config.
    """

    def __init__(self, channels: int, ratio: int = 4, norm_cfg: dict = dict(type='BN')) -> None:
        super().__init__()
        hidden = channels // ratio
        self.project = biased_conv(channels, channels, 1, norm_cfg)
        self.channel_attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            biased_conv(channels, hidden, 1, norm_cfg),
            biased_conv(hidden, channels, 1, norm_cfg, act_cfg=dict(type='Sigmoid')),
        )
        self.reduce = biased_conv(channels, hidden, 1, norm_cfg)
        self.spatial_attention = SpatialAttention(3, bias=False)
        self.post = biased_conv(channels, channels, 3, norm_cfg)

    def forward(self, high: Tensor, low: Tensor) -> tuple[Tensor, Tensor]:
        """Two features (B, C, H, W) -> the low one weighted, the high one weighted, both (B, C, H, W)."""
        high = self.project(high)
        low = low * self.channel_attention(high)
        positions = self.spatial_attention(self.reduce(low))
        return self.post(2 * low), self.post(2 * high * positions)


@MODELS.register_module()
class InteractiveCrossAttentionNeck(BaseModule):
    """Decoder of UIU-Net, from the deepest to the finest level.

    The deeper level is upsampled (bilinear), and both levels pass the interactive-cross attention, except at the finest
    level, where they are used as they are; a residual U-block makes the decoded level of both.

    Source: UIU-Net (Wu et al., IEEE TIP 2023); equal to ``fuse2`` to ``fuse5`` and ``stage1d`` to ``stage5d`` of the
    official code (danfenghong/IEEE_TIP_UIU-Net, ``model/uiunet.py`` and ``fusion.py``).

    Args:
        in_channels: Channels of the encoder's levels, finest first.
        channels: Channels of the decoded levels, finest first, one fewer; each must be those of the encoder's level
            above it (its attention needs equal channels), the first is free.
        mid_channels: Channels within the residual U-blocks.
        depths: Their depths; a negative one is dilated instead of pooled.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; by default PyTorch's own, as in the official code. None: that of mmcv's
            ``ConvModule`` (Kaiming, normal, fan out).

    Raises:
        ValueError: If the channels do not fit, and in ``forward`` for another number of levels.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (64, 128, 256, 512, 512, 512),
        channels: Sequence[int] = (64, 64, 128, 256, 512),
        mid_channels: Sequence[int] = (16, 32, 64, 128, 256),
        depths: Sequence[int] = (7, 6, 5, 4, -4),
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | list | None = dict(type='mmirstd.PyTorchInit', within='InteractiveCrossAttentionNeck'),
    ) -> None:
        super().__init__(init_cfg)
        if not len(in_channels) - 1 == len(channels) == len(mid_channels) == len(depths):
            raise ValueError(
                'InteractiveCrossAttentionNeck: channels, mid_channels and depths must have one entry '
                f'fewer than in_channels {in_channels}, got {channels}, {mid_channels} and {depths}'
            )
        deeper = [*channels[1:], in_channels[-1]]
        if list(deeper) != list(in_channels[:-1]):
            raise ValueError(
                'InteractiveCrossAttentionNeck: each level must meet a deeper one of as many channels, '
                f'got {list(in_channels[:-1])} against {list(deeper)}'
            )
        self.num_levels = len(in_channels)
        # fusions[i] is that of level i + 1: the finest level has none.
        self.fusions = nn.ModuleList(InteractiveCrossAttention(c, norm_cfg=norm_cfg) for c in in_channels[1:-1])
        self.stages = nn.ModuleList(
            ResidualUBlock(2 * before, mid, after, abs(depth), depth < 0, norm_cfg)
            for before, mid, after, depth in zip(in_channels, mid_channels, channels, depths)
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Features, finest first -> as many decoded ones, finest first; the deepest is the encoder's own."""
        if len(inputs) != self.num_levels:
            raise ValueError(f'InteractiveCrossAttentionNeck was built for {self.num_levels} levels, got {len(inputs)}')
        outs = [inputs[-1]]
        for level in range(self.num_levels - 2, -1, -1):
            low = inputs[level]
            high = resize(outs[0], size=low.shape[2:], mode='bilinear', align_corners=False, warning=False)
            pair = self.fusions[level - 1](high, low) if level else (high, low)
            outs.insert(0, self.stages[level](torch.cat(pair, dim=1)))
        return tuple(outs)
