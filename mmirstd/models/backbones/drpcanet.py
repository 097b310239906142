"""DRPCA-Net: RPCANet whose steps depend on the image (IEEE TGRS 2025)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import ChannelAttention, PooledMLP, biased_conv
from .rpcanet import XAVIER, LowRankStep, Stage, UnfoldedRPCA, gray_to_gray

LEAKY = dict(type='LeakyReLU', negative_slope=0.2)


class DynamicSparseStep(BaseModule):
    """Target update whose two factors are small networks on the mean of a map.

    ``T = x - eps(x) * net(x)``, ``x = g(T) T + (1 - g(T)) (D - B)``.
    """

    def __init__(self, channels: int, num_layers: int) -> None:
        super().__init__()
        self.net = gray_to_gray(channels, num_layers, norm_cfg=None)
        self.gamma = PooledMLP(1, 3)
        self.epsilon = PooledMLP(1, 3)

    def forward(self, image: Tensor, background: Tensor, target: Tensor) -> Tensor:
        """D, B, T -> T; all (B, 1, H, W)."""
        gamma = self.gamma(target).sigmoid()
        x = gamma * target + (1 - gamma) * (image - background)
        return x - self.epsilon(x).sigmoid() * self.net(x)


class DynamicSpatialAttention(BaseModule):
    """The feature weighted by position: a kernel made for each sample, over the mean of the channels.

    Args:
        channels: Input and output channels.
        kernel_size: Odd.
    """

    def __init__(self, channels: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.kernel = PooledMLP(channels, channels, kernel_size**2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        taps = self.kernel(x).unbind(dim=1)
        radius, (height, width) = self.kernel_size // 2, x.shape[2:]
        mean = F.pad(x.mean(dim=1), [radius] * 4)
        # Written out, because a convolution whose weights are computed cannot be exported.
        scores = torch.zeros_like(mean[:, :height, :width])
        for index, tap in enumerate(taps):
            row, column = divmod(index, self.kernel_size)
            scores = scores + tap * mean[:, row : row + height, column : column + width]
        return x * scores[:, None].sigmoid()


class DynamicResidualBlock(BaseModule):
    """``x + body(x)``: conv3x3-BN-LeakyReLU-conv3x3-BN, channel attention, dynamic spatial attention."""

    def __init__(self, channels: int, ratio: int, norm_cfg: dict) -> None:
        super().__init__()
        self.body = nn.Sequential(
            biased_conv(channels, channels, 3, norm_cfg, act_cfg=LEAKY),
            biased_conv(channels, channels, 3, norm_cfg, act_cfg=None),
        )
        self.channel_attention = ChannelAttention(channels, ratio, bias=True, init_cfg=None)
        self.spatial_attention = DynamicSpatialAttention(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        out = self.body(x)
        return x + self.spatial_attention(out * self.channel_attention(out))


class DynamicMergeStep(BaseModule):
    """Image ``D = net(B + T)`` by a group of dynamic residual blocks with a residual connection around it."""

    def __init__(self, channels: int, num_blocks: int, ratio: int, norm_cfg: dict) -> None:
        super().__init__()
        self.enter = biased_conv(1, channels, 1, norm_cfg, act_cfg=LEAKY)
        self.group = nn.Sequential(
            *(DynamicResidualBlock(channels, ratio, norm_cfg) for _ in range(num_blocks)),
            nn.Conv2d(channels, channels, 3, padding=1),
        )
        self.leave = nn.Conv2d(channels, 1, 1)

    def forward(self, background: Tensor, target: Tensor) -> Tensor:
        """B, T -> D; all (B, 1, H, W)."""
        x = self.enter(background + target)
        return self.leave(x + self.group(x))


@MODELS.register_module()
class DRPCANet(UnfoldedRPCA):
    """DRPCA-Net (Xiong et al., IEEE TGRS 2025, arXiv 2507.09541); equal to ``DRPCANet`` in GrokCV/DRPCA-Net.

    The stages of :class:`RPCANet` with another target update and another reconstruction.  The result goes to
    ``mmirstd.UnfoldingHead``.

    Args:
        in_channels: Must be 1.
        num_stages: Iterations.
        channels: Width of the small networks.
        low_rank_layers: Hidden convolutions of each background network.
        sparse_layers: Hidden convolutions of each target network.
        num_blocks: Dynamic residual blocks of each reconstruction network.
        ratio: Reduction of the channel attention.
        norm_cfg: Norm layer of background and reconstruction networks; the target networks have none.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: int = 1,
        num_stages: int = 6,
        channels: int = 32,
        low_rank_layers: int = 3,
        sparse_layers: int = 6,
        num_blocks: int = 5,
        ratio: int = 16,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | tuple | list | None = XAVIER,
    ) -> None:
        self._stage_args = (channels, low_rank_layers, sparse_layers, num_blocks, ratio, norm_cfg)
        super().__init__(in_channels, num_stages, init_cfg)

    def build_stage(self, index: int) -> nn.Module:
        """See :class:`UnfoldedRPCA`."""
        channels, low_rank_layers, sparse_layers, num_blocks, ratio, norm_cfg = self._stage_args
        return Stage(
            LowRankStep(channels, low_rank_layers, norm_cfg),
            DynamicSparseStep(channels, sparse_layers),
            DynamicMergeStep(channels, num_blocks, ratio, norm_cfg),
        )
