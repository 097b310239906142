"""HCF-Net's parallelized patch-aware attention (ICME 2024, arXiv 2403.10778)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from .cbam import SpatialAttention
from .conv import biased_conv
from .global_mean import global_mean


class EfficientChannelAttention(BaseModule):
    """ECA (Wang et al., CVPR 2020): channel weights from a convolution along the channels' means.

    Args:
        channels: Input and output channels; the kernel grows with their logarithm.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        size = int((math.log2(channels) + 1) / 2) // 2 * 2 + 1
        self.conv = nn.Conv1d(1, 1, size, padding=size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        weights = torch.sigmoid(self.conv(global_mean(x)[:, None]))[:, 0]
        return x * weights[:, :, None, None]


class LocalGlobalAttention(BaseModule):
    """A token a patch, weighted by its likeness to a learned prompt, brought back to the pixels.

    A patch of P x P pixels is described by P x P numbers.  A small network makes channels of them, which are weighted
    by their softmax, then by the cosine to the prompt (nothing below 0), and mapped; the map of patches is upsampled.
    Sizes that are no multiple of P are extended by repeating the border, and cut afterward.

    Args:
        channels: Input and output channels, a multiple of ``patch_size ** 2`` in the official form.
        patch_size: Side of a patch in pixels.
        official: What describes a patch.  The paper means the mean over channels of each pixel (False).  The official
            code reads the array in another order, by which number ``i`` is the mean over the pixels and the ``i``-th
            group of channels (True, for its weights).
    """

    def __init__(self, channels: int, patch_size: int, official: bool = True) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.official = official
        half = channels // 2
        self.mlp = nn.Sequential(nn.Linear(patch_size**2, half), nn.LayerNorm(half), nn.Linear(half, channels))
        self.prompt = nn.Parameter(torch.randn(channels))
        self.transform = nn.Parameter(torch.eye(channels))
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        height, width = x.shape[2:]
        size = self.patch_size
        x = F.pad(x, (0, -width % size, 0, -height % size), mode='replicate')
        tokens = self.mlp(self._describe(x))  # (B, h, w, C)
        # Rows of one matrix: of products with more axes torch.export would tell axes of 1 apart.
        rows = tokens.flatten(0, 2)
        rows = rows * rows.softmax(dim=-1)
        likeness = F.normalize(rows, dim=-1) @ F.normalize(self.prompt, dim=0)
        tokens = ((rows * likeness.clamp(0, 1)[:, None]) @ self.transform).view_as(tokens)
        out = F.interpolate(tokens.permute(0, 3, 1, 2), size=x.shape[2:], mode='bilinear', align_corners=False)
        return self.conv(out)[:, :, :height, :width]

    def _describe(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, H / P, W / P, P * P)."""
        size = self.patch_size
        if self.official:
            channels = F.avg_pool2d(x, size).permute(0, 2, 3, 1)
            return channels.unflatten(3, (size**2, -1)).mean(dim=-1)
        patches = x.mean(dim=1).unflatten(2, (-1, size)).unflatten(1, (-1, size))
        return patches.permute(0, 1, 3, 2, 4).flatten(3)


class PatchAwareAttention(BaseModule):
    """Parallelized patch-aware attention (PPA): three convolutions in a row and two patch branches, summed.

    ``ReLU(BN(dropout(SA(ECA(c1 + c2 + c3 + s + a2(s) + a4(s))))))`` with s a 1x1 convolution of the input, c1 to c3
    each a convolution of the one before, a2 and a4 the attention over patches of 2 and 4 pixels.  Source: HCF-Net,
    arXiv 2403.10778; equal to the official code (zhengshuchen/HCFNet, basicseg/main_blocks.py).

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        dropout_ratio: Of whole channels.
        official: See :class:`LocalGlobalAttention`.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        dropout_ratio: float = 0.1,
        official: bool = True,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.shortcut = biased_conv(in_channels, out_channels, 1, norm_cfg, act_cfg=None)
        self.convs = nn.ModuleList(
            biased_conv(in_channels if i == 0 else out_channels, out_channels, 3, norm_cfg) for i in range(3)
        )
        self.patches = nn.ModuleList(LocalGlobalAttention(out_channels, size, official) for size in (2, 4))
        self.channel_attention = EfficientChannelAttention(out_channels)
        self.spatial_attention = SpatialAttention()
        self.dropout = nn.Dropout2d(dropout_ratio)
        self.norm = build_norm_layer(norm_cfg, out_channels)[1]

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H, W)."""
        shortcut = self.shortcut(x)
        total = shortcut
        for branch in self.patches:
            total = total + branch(shortcut)
        for conv in self.convs:
            x = conv(x)
            total = total + x
        total = self.channel_attention(total)
        total = total * self.spatial_attention(total)
        return F.relu(self.norm(self.dropout(total)))
