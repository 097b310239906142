"""Alignment of one frame's feature to another's by deformable convolutions on a pyramid (EDVR, RFR, FeedbackSTS)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .deform_conv import deform_conv2d


class GuidedDeformConv(nn.Module):
    """A modulated 3x3 deformable convolution whose offsets and weights of samples come from another feature.

    Args:
        channels: Channels in, out, and of the guide.
        groups: Groups of channels with offsets of their own.
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        # Holds weight and bias; its own forward is not used.
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.offset = nn.Conv2d(channels, 3 * groups * 9, 3, padding=1)
        nn.init.zeros_(self.offset.weight)
        if self.offset.bias is not None:
            nn.init.zeros_(self.offset.bias)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """(B, C, H, W), (B, C, H, W) -> (B, C, H, W)."""
        first, second, mask = self.offset(guide).chunk(3, dim=1)
        offset = torch.cat([first, second], dim=1)
        return deform_conv2d(
            x, offset, self.conv.weight, self.conv.bias, (1, 1), mask=mask.sigmoid(), groups=self.groups
        )


class AlignmentLevel(nn.Module):
    """One level of :class:`PyramidAlignment`, with what the next coarser level found where there is one."""

    def __init__(self, channels: int, groups: int, coarsest: bool) -> None:
        super().__init__()
        self.coarsest = coarsest
        self.compare = _conv(2 * channels, channels)
        self.join = _conv(channels if coarsest else 2 * channels, channels)
        self.deform = GuidedDeformConv(channels, groups)
        self.refine = nn.Identity() if coarsest else _conv(channels, channels)
        self.merge = nn.Identity() if coarsest else _conv(2 * channels, channels)

    def forward(self, moved: Tensor, fixed: Tensor, coarser: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        """The guide of the offsets and the aligned feature, both (B, C, H, W)."""
        guide = F.relu(self.compare(torch.cat([moved, fixed], dim=1)))
        if coarser is None:
            guide = F.relu(self.join(guide))
            return guide, self.deform(moved, guide)
        coarse_guide, coarse_aligned = (_double(x) for x in coarser)
        # In pixels of this level an offset is twice as long.
        guide = F.relu(self.refine(F.relu(self.join(torch.cat([guide, 2 * coarse_guide], dim=1)))))
        return guide, self.merge(torch.cat([self.deform(moved, guide), coarse_aligned], dim=1))


class PyramidAlignment(nn.Module):
    """Aligns a feature to another one, from coarse to fine.

    Sources: RFR (XinyiYing/RFR, ``codes/model/RFR_framework.py``, PDA) and FeedbackSTS-Det (IDIP-Lab/FeedbackSTS-Det,
    ``model/FeedbackSTS.py``, BFBM).  The convolutions that make the pyramid are shared by both features.

    Args:
        channels: C.
        num_levels: Levels, each half as large as the one before, at least 2.
        groups: Of the deformable convolutions.
    """

    def __init__(self, channels: int, num_levels: int = 3, groups: int = 4) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, stride=2, padding=1),
                nn.ReLU(inplace=True),
                _conv(channels, channels),
                nn.ReLU(inplace=True),
            )
            for _ in range(num_levels - 1)
        )
        self.levels = nn.ModuleList(
            AlignmentLevel(channels, groups, coarsest=level == num_levels - 1) for level in range(num_levels)
        )

    def forward(self, moved: Tensor, fixed: Tensor) -> Tensor:
        """Align ``moved`` to ``fixed``, both (B, C, H, W); H and W multiples of the coarsest level's stride."""
        pyramids = [moved], [fixed]
        for down in self.down:
            for pyramid in pyramids:
                pyramid.append(down(pyramid[-1]))
        found: tuple[Tensor, Tensor] | None = None
        for number, (level, one, other) in reversed(list(enumerate(zip(self.levels, *pyramids)))):
            guide, aligned = level(one, other, found)
            found = guide, aligned if number == 0 else F.relu(aligned)
        assert found is not None
        return found[1]


def _conv(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)
