"""SCTransNet's skip transformer and decoder (IEEE TGRS 2024, arXiv 2401.15583)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import biased_conv
from .spatial_channel_transformer import SpatialChannelTransformer

KAIMING_FAN_IN = (
    dict(type='Kaiming', layer=['Conv2d', 'Conv1d', 'Linear'], a=0, mode='fan_in', nonlinearity='relu'),
    dict(type='Normal', layer='_BatchNorm', mean=1.0, std=0.02),
    dict(type='mmirstd.PyTorchInit', within='SCTransNeck', weights=False),
)


class ChannelwiseCrossAttention(BaseModule):
    """``ReLU(skip * sigmoid of the mean of two linear maps of both inputs' global means)`` (UCTransNet's CCA)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.of_skip = nn.Linear(channels, channels)
        self.of_deep = nn.Linear(channels, channels)

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """Two features (B, C, H, W) -> the weighted skip, (B, C, H, W)."""
        scale = torch.sigmoid((self.of_skip(skip.mean(dim=(2, 3))) + self.of_deep(deep.mean(dim=(2, 3)))) / 2)
        return F.relu(skip * scale[:, :, None, None])


class AttentiveFusion(BaseModule):
    """The weighted skip beside the deeper feature (nearest upsampling), then two conv3x3-BN-ReLU.

    Args:
        channels: Of the skip and of the deeper feature.
        out_channels: Output channels.
        norm_cfg: Norm layer config.
    """

    def __init__(self, channels: int, out_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.attention = ChannelwiseCrossAttention(channels)
        self.convs = Sequential(
            biased_conv(2 * channels, out_channels, 3, norm_cfg), biased_conv(out_channels, out_channels, 3, norm_cfg)
        )

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """(B, C, h, w), (B, C, H, W) -> (B, out_channels, H, W)."""
        deep = F.interpolate(deep, size=skip.shape[2:])
        return self.convs(torch.cat([self.attention(deep, skip), deep], dim=1))


@MODELS.register_module()
class SCTransNeck(BaseModule):
    """All levels but the deepest pass a transformer across their channels; a decoder with channel attention follows.

    Source: SCTransNet, arXiv 2401.15583; equal to the official code (xdFai/SCTransNet, model/SCTransNet.py), which
    adds the level itself twice to what the transformer returns, once more than the paper draws.

    Args:
        in_channels: Channels of the levels, finest first; the two deepest must be equal.
        patch_sizes: Patch of each level but the deepest, finest first.
        num_blocks: Number of transformer blocks.
        expansion: Width of the transformer's feed-forward branches, as a multiple of the channels.
        norm_cfg: Norm layer config.
        official_unused: Makes the parameters that the official code has and never uses.
        init_cfg: mmengine initialization; as in the official code.

    Raises:
        ValueError: If ``patch_sizes`` is not one shorter than ``in_channels`` or the deepest levels differ.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (32, 64, 128, 256, 256),
        patch_sizes: Sequence[int] = (16, 8, 4, 2),
        num_blocks: int = 4,
        expansion: float = 2.66,
        norm_cfg: dict = dict(type='BN'),
        official_unused: bool = False,
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_IN,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        if len(patch_sizes) != len(in_channels) - 1 or in_channels[-1] != in_channels[-2]:
            raise ValueError(
                'SCTransNeck: patch_sizes must be one shorter than in_channels, whose last two must be '
                f'equal, got {patch_sizes} and {in_channels}'
            )
        skips = list(in_channels[:-1])
        self.transformer = SpatialChannelTransformer(
            skips, patch_sizes, num_blocks, expansion, norm_cfg, official_unused
        )
        # Each decoder level has the channels of the next finer skip.
        self.fusions = nn.ModuleList(
            AttentiveFusion(channels, out, norm_cfg) for channels, out in zip(skips, [skips[0], *skips[:-1]])
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Decode.

        Args:
            inputs: Features, finest first, each half the size of the one before; height and width of the finest
                divisible by its patch size.

        Returns:
            Decoder levels, finest first, and the deepest input: one feature of each input's size.
        """
        *skips, deepest = inputs
        outs = [deepest]
        additions = self.transformer(skips)
        for fusion, skip, addition in zip(reversed(self.fusions), reversed(skips), reversed(additions)):
            outs.insert(0, fusion(outs[0], addition + 2 * skip))
        return tuple(outs)
