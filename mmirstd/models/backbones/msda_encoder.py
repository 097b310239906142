"""MSDA-Net's encoder (arXiv 2406.02037)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import (
    KAIMING_FAN_OUT,
    ResidualBlock,
    SpatialAttention,
    SqueezeExcitation,
    biased_conv,
    dilated_branch,
    haar_subbands,
)
from .residual_encoder import ResidualEncoder

# The official network sees the gray image three times and so gets three equal copies of its high-frequency subbands,
# each with weights of its own behind it.
_COPIES = 3

# The official code initializes all but the dilated branches and what follows them in the direction-aware blocks. With
# Kaiming (fan out) there as well, each block multiplies what it gets until the batch norms' running statistics know it:
# in evaluation mode a network just made then gives logits of millions.
INIT_CFG = (
    *KAIMING_FAN_OUT,
    dict(type='mmirstd.PyTorchInit', within='MultiScaleDirectionBlock', without='MultiDirectionAwareness'),
)


class MultiDirectionAwareness(BaseModule):
    """Multi-directional feature awareness: spatial attention from each of the feature's four Haar subbands.

    ``ReLU(x + BN(conv3x3(sum over subbands of x * attention(subband))))``; the subbands keep the feature's size.

    Args:
        channels: Input and output channels.
        norm_cfg: Norm layer config.
    """

    def __init__(self, channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.attentions = nn.ModuleList(SpatialAttention(7, init_cfg=None) for _ in range(4))  # LL, LH, HL, HH
        self.conv = biased_conv(channels, channels, 3, norm_cfg, act_cfg=None)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        subbands = haar_subbands(x, decimate=False)
        weights = sum(attention(subband) for attention, subband in zip(self.attentions, subbands))
        return F.relu(x + self.conv(x * weights))


class MultiScaleDirectionBlock(BaseModule):
    """Multi-scale direction-aware module: a residual block of four dilated branches with direction awareness and SE.

    Args:
        channels: Input and output channels.
        se_ratio: Reduction of the squeeze-and-excitation.
        norm_cfg: Norm layer config.
    """

    def __init__(self, channels: int, se_ratio: int, norm_cfg: dict) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                ConvModule(channels, channels, 1, norm_cfg=norm_cfg),
                dilated_branch(channels, 1, 1, norm_cfg),
                dilated_branch(channels, 3, 3, norm_cfg),
                dilated_branch(channels, 5, 5, norm_cfg),
            ]
        )
        self.fuse = ConvModule(4 * channels, channels, 3, padding=1, norm_cfg=norm_cfg)
        self.directions = MultiDirectionAwareness(channels, norm_cfg)
        self.se = SqueezeExcitation(channels, se_ratio)
        self.out = ConvModule(channels, channels, 3, padding=1, norm_cfg=norm_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        y = self.fuse(torch.cat([branch(x) for branch in self.branches], dim=1))
        return F.relu(x + self.out(self.se(self.directions(y))))


@MODELS.register_module()
class MSDAEncoder(ResidualEncoder):
    """Encoder of MSDA-Net: multi-scale direction-aware blocks, and the image's high frequencies put into stage 1.

    Each stage is an entry residual block (see :class:`ResidualEncoder`) and two :class:`MultiScaleDirectionBlock`.
    High-frequency direction injection: the image's Haar subbands LH, HL and HH lie before the entry block's output of
    stage 1, which is narrower by as many channels.  The last level is fused with all finer ones, max-pooled to its size
    and reduced to ``context_channels`` each.

    Source: MSDA-Net, arXiv 2406.02037; equal to the official code (YuChuang1205/MSDA-Net, ``model/MSDA_Net/MSDA.py``)
    with ``in_channels=3``.  The subbands of one gray channel are repeated to the official nine.

    Args:
        in_channels: Channels of the image, 1 or 3 (repeated gray); see :class:`ResidualEncoder`.
        channels: Channels of the stages.
        context_channels: Channels of each finer level in the fusion at the deepest level.
        se_ratio: Reduction of the squeeze-and-excitations.
        norm_cfg: Norm layer config.
        norm_eval: Keep norm layers in evaluation mode while training.
        init_cfg: mmengine initialization; the official code's by default: Kaiming (fan out), but PyTorch's own for the
            direction-aware blocks' branches and the two convolutions behind them.

    Raises:
        ValueError: If ``in_channels`` is neither 1 nor 3.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (16, 32, 64, 64, 64),
        context_channels: int = 16,
        se_ratio: int = 4,
        norm_cfg: dict = dict(type='BN'),
        norm_eval: bool = False,
        init_cfg: dict | Sequence[dict] | None = INIT_CFG,
    ) -> None:
        if in_channels not in (1, _COPIES):
            raise ValueError(f'MSDAEncoder: in_channels must be 1 or {_COPIES} (repeated gray), got {in_channels}')
        super().__init__(
            in_channels, channels, se_ratio=se_ratio, norm_cfg=norm_cfg, norm_eval=norm_eval, init_cfg=init_cfg
        )
        last = self.out_channels[-1]
        self.contexts = nn.ModuleList(
            biased_conv(width, context_channels, 1, norm_cfg=None) for width in self.out_channels[:-1]
        )
        total = last + context_channels * (self.num_stages - 1)
        self.context_fusion = Sequential(
            biased_conv(total, total, 1, norm_cfg=None), biased_conv(total, last, 1, norm_cfg=None)
        )

    def build_stage(self, index: int, in_channels: int, out_channels: int) -> nn.Module:
        """See :class:`ResidualEncoder`."""
        assert self.se_ratio is not None  # an int here
        injected = 3 * _COPIES if index == 1 else 0
        blocks = [ResidualBlock(in_channels, out_channels - injected, downsample=index > 0, norm_cfg=self.norm_cfg)]
        for _ in range(self.num_blocks - 1):
            blocks.append(MultiScaleDirectionBlock(out_channels, self.se_ratio, self.norm_cfg))
        return Sequential(*blocks)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """See :class:`ResidualEncoder`."""
        image = self.check(image)
        x = self.stem(image)
        outs = []
        for i, stage in enumerate(self.stages):
            assert isinstance(stage, nn.Sequential)
            entry, *blocks = stage
            x = entry(x)
            if i == 1:
                details = haar_subbands(image.expand(-1, _COPIES, -1, -1))[1:]
                x = torch.cat([*details, x], dim=1)
            for block in blocks:
                x = block(x)
            outs.append(x)
        pooled = [
            reduce(F.max_pool2d(level, 2 ** (self.num_stages - 1 - i)))
            for i, (reduce, level) in enumerate(zip(self.contexts, outs))
        ]
        outs[-1] = self.context_fusion(torch.cat([outs[-1], *reversed(pooled)], dim=1))
        return tuple(outs)
