"""SCTransNet's transformer across the channels of all levels (IEEE TGRS 2024, arXiv 2401.15583)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..layers import biased_conv


class ChannelLayerNorm(nn.LayerNorm):
    """Layer norm over the channels of each position."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def pointwise(in_channels: int, out_channels: int) -> nn.Conv2d:
    """1x1 convolution without bias."""
    return nn.Conv2d(in_channels, out_channels, 1, bias=False)


def depthwise(channels: int, kernel_size: int, groups: int | None = None) -> nn.Conv2d:
    """Depthwise (or grouped) convolution without bias, 'same' padding."""
    return nn.Conv2d(channels, channels, kernel_size, padding=kernel_size // 2, groups=groups or channels, bias=False)


class ChannelCrossAttention(BaseModule):
    """Spatial-embedded single-head channel-cross attention (SSCA).

    The channels of each level are the queries, those of all levels together the keys and values; what is compared are
    whole maps.  Queries and keys pass a 1x1 and a grouped 3x3 convolution, are normalized to length 1 over the
    positions, and the matrix of their products, divided by the root of the number of keys, passes an instance norm
    before the softmax.

    Args:
        channels: Channels of the levels.
        official_unused: Makes the sixteen scalars that the official code has and never uses.
        init_cfg: mmengine initialization.
    """

    def __init__(self, channels: Sequence[int], official_unused: bool = False, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.total = sum(channels)
        # The official code gives two channels a group to the queries and one to keys and values.
        self.queries = nn.ModuleList(nn.Sequential(pointwise(c, c), depthwise(c, 3, groups=c // 2)) for c in channels)
        self.key = nn.Sequential(pointwise(self.total, self.total), depthwise(self.total, 3))
        self.value = nn.Sequential(pointwise(self.total, self.total), depthwise(self.total, 3))
        self.projections = nn.ModuleList(pointwise(c, c) for c in channels)
        self.unused = nn.ParameterList(torch.full((1,), 0.2) for _ in range(16 if official_unused else 0))

    def forward(self, levels: Sequence[Tensor], together: Tensor) -> list[Tensor]:
        """Normed levels (B, C_i, H, W) and their normed concatenation (B, sum C, H, W) -> (B, C_i, H, W) each."""
        key = F.normalize(self.key(together).flatten(2), dim=-1)
        value = self.value(together).flatten(2)
        outs = []
        for level, query, projection in zip(levels, self.queries, self.projections):
            q = F.normalize(query(level).flatten(2), dim=-1)
            scores = q @ key.transpose(1, 2) / self.total**0.5
            weights = F.instance_norm(scores[:, None])[:, 0].softmax(dim=-1)
            outs.append(projection((weights @ value).unflatten(2, level.shape[2:])))
        return outs


class ComplementaryFeedForward(BaseModule):
    """Complementary feed-forward network (CFN): 3x3 and 5x5 depthwise branches, then ECA's channel weights.

    Args:
        channels: Input and output channels.
        expansion: Width of each branch, as a multiple of the channels (rounded down).
    """

    def __init__(self, channels: int, expansion: float = 2.66) -> None:
        super().__init__()
        width = int(channels * expansion)
        self.project_in = pointwise(channels, 2 * width)
        self.branches = nn.ModuleList(depthwise(width, size) for size in (3, 5))
        self.project_out = pointwise(2 * width, channels)
        # Efficient channel attention (Wang et al., CVPR 2020): a convolution along the channels' means.
        self.eca = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        parts = self.project_in(x).chunk(2, dim=1)
        x = self.project_out(torch.cat([F.relu(branch(part)) for branch, part in zip(self.branches, parts)], dim=1))
        scale = torch.sigmoid(self.eca(x.mean(dim=(2, 3))[:, None]))[:, 0]
        return x * scale[:, :, None, None]


class SpatialChannelBlock(BaseModule):
    """Spatial-channel cross transformer block (SCTB): attention across levels, then a feed-forward network a level."""

    def __init__(self, channels: Sequence[int], expansion: float, official_unused: bool) -> None:
        super().__init__()
        self.attention_norms = nn.ModuleList(ChannelLayerNorm(c) for c in channels)
        self.joint_norm = ChannelLayerNorm(sum(channels))
        self.attention = ChannelCrossAttention(channels, official_unused)
        self.ffn_norms = nn.ModuleList(ChannelLayerNorm(c) for c in channels)
        self.ffns = nn.ModuleList(ComplementaryFeedForward(c, expansion) for c in channels)

    def forward(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """Levels (B, C_i, H, W) of one size -> the same shapes."""
        normed = [norm(x) for norm, x in zip(self.attention_norms, levels)]
        attended = self.attention(normed, self.joint_norm(torch.cat(list(levels), dim=1)))
        levels = [x + a for x, a in zip(levels, attended)]
        return [x + ffn(norm(x)) for x, norm, ffn in zip(levels, self.ffn_norms, self.ffns)]


class SpatialChannelTransformer(BaseModule):
    """Embeds all levels at one size, lets their channels attend to each other, and brings them back.

    Args:
        channels: Channels of the levels, finest first.
        patch_sizes: Patch of each level's embedding; they must lead to one size.
        num_blocks: Number of transformer blocks.
        expansion: See :class:`ComplementaryFeedForward`.
        norm_cfg: Norm layer of the way back.
        official_unused: Makes the parameters that the official code has and never uses: position embeddings (of a
            256-pixel image) and sixteen scalars a block.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        channels: Sequence[int],
        patch_sizes: Sequence[int],
        num_blocks: int,
        expansion: float,
        norm_cfg: dict,
        official_unused: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.patch_sizes = list(patch_sizes)
        self.embeddings = nn.ModuleList(nn.Conv2d(c, c, size, stride=size) for c, size in zip(channels, patch_sizes))
        self.blocks = nn.ModuleList(
            SpatialChannelBlock(channels, expansion, official_unused) for _ in range(num_blocks)
        )
        self.norms = nn.ModuleList(ChannelLayerNorm(c) for c in channels)
        self.reconstructions = nn.ModuleList(biased_conv(c, c, 1, norm_cfg) for c in channels)
        self.unused = nn.ParameterList(torch.zeros(1, 256, c) for c in (channels if official_unused else []))

    def forward(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """Levels, finest first -> what the transformer adds to them, in the same shapes."""
        tokens = [embedding(x) for embedding, x in zip(self.embeddings, levels)]
        for block in self.blocks:
            tokens = block(tokens)
        tokens = [norm(x) for norm, x in zip(self.norms, tokens)]
        return [
            reconstruction(F.interpolate(x, scale_factor=size, mode='bilinear'))
            for reconstruction, x, size in zip(self.reconstructions, tokens, self.patch_sizes)
        ]
