"""LVNet's transformer over the frames of a clip, and its decoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers.video_swin import SwinBlock3D, Window
from .clip_neck import Levels


class PatchMerging(nn.Module):
    """Four neighbors become one place with twice the channels; (B, T, H, W, C) -> (B, T, H / 2, W / 2, 2 C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class; odd sides are padded with zeros."""
        x = F.pad(x, (0, 0, 0, x.shape[3] % 2, 0, x.shape[2] % 2))
        corners = [x[:, :, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(corners, dim=-1)))


class PatchExpand(nn.Module):
    """One place becomes four with half the channels; (B, T, H, W, C) -> (B, T, 2 H, 2 W, C / 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.expand = nn.Linear(channels, 2 * channels, bias=False)
        self.norm = nn.LayerNorm(channels // 2)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.expand(x).unflatten(-1, (2, 2, -1))  # (B, T, H, W, row, column, C / 2)
        return self.norm(x.transpose(3, 4).flatten(4, 5).flatten(2, 3))


class SwinStage(nn.Module):
    """Some blocks, every second of them shifted, and a change of resolution behind them.

    Args:
        channels: C.
        depth: Blocks.
        num_heads: Heads.
        window: Frames, rows and columns.
        resample: What follows.
    """

    def __init__(self, channels: int, depth: int, num_heads: int, window: Window, resample: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            SwinBlock3D(channels, num_heads, window, shifted=bool(block % 2)) for block in range(depth)
        )
        self.resample = resample

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, H, W, C) -> the feature at the next resolution, and at this one."""
        for block in self.blocks:
            x = block(x)
        return self.resample(x), x


class RefineBlock(nn.Module):
    """A 1x1 convolution, then a 3x3 one with a shortcut; (B, C, H, W) -> (B, C / 2, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // 2, 1)
        self.refine = nn.Conv2d(channels // 2, channels // 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.reduce(x)
        return x + self.refine(x)


@MODELS.register_module()
class LVNetNeck(BaseModule):
    """A U-shaped video transformer on the coarsest level of T frames, then a decoder for each frame.

    Temporal neck behind ``mmirstd.LVNetEncoder``.  Source: LVNet, arXiv 2503.02220 (ZhihuaShen/LVNet, ``model.py``);
    equal to the official code, which takes one clip at a time alone.

    Args:
        num_frames: T.
        channels: Of the encoder's coarsest level.
        depths: Blocks of the stages, finest first.
        num_heads: Heads of the stages.
        window: Frames, rows and columns of a window.
        init_cfg: mmengine initialization; None: PyTorch's own, as in the official code.
    """

    def __init__(
        self,
        num_frames: int = 4,
        channels: int = 24,
        depths: Sequence[int] = (2, 2, 2, 1),
        num_heads: Sequence[int] = (3, 6, 12, 24),
        window: Window = (4, 7, 7),
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_frames = num_frames
        window = (window[0], window[1], window[2])
        stages = list(zip((channels * 2**stage for stage in range(len(depths))), depths, num_heads))
        last = len(stages) - 1
        self.down = nn.ModuleList(
            SwinStage(width, depth, heads, window, PatchMerging(width) if number < last else nn.Identity())
            for number, (width, depth, heads) in enumerate(stages)
        )
        self.norm = nn.LayerNorm(stages[-1][0])
        self.up = nn.ModuleList(
            SwinStage(width, depth, heads, window, PatchExpand(width) if number < last else nn.Identity())
            for number, (width, depth, heads) in enumerate(reversed(stages))
        )
        self.join = nn.ModuleList(nn.Linear(2 * stage[0], stage[0]) for stage in reversed(stages[:-1]))
        widths = (channels, channels // 2)
        self.expand = nn.ModuleList(nn.Conv2d(width, 2 * width, 1) for width in widths)
        self.decoders = nn.ModuleList(RefineBlock(width) for width in widths)

    def forward(self, frames: Sequence[Levels]) -> Levels:
        """Levels of T frames -> one level (B, channels / 4, H, W) of the key frame, the last."""
        return (self._decode(self._transform(frames)[:, :, -1], frames[-1]),)

    def all_frames(self, frames: Sequence[Levels]) -> Levels:
        """The same for all frames: one level (B * T, channels / 4, H, W), a clip's frames one after the other."""
        x = self._transform(frames).transpose(1, 2).flatten(0, 1)
        return (self._decode(x, [torch.stack(level, dim=1).flatten(0, 1) for level in zip(*frames)]),)

    def _transform(self, frames: Sequence[Levels]) -> Tensor:
        """The coarsest levels as (B, C, T, h, w), each frame in view of the others."""
        x = torch.stack([levels[-1] for levels in frames], dim=1).permute(0, 1, 3, 4, 2)
        kept = []
        for stage in self.down:
            x, same = stage(x)
            kept.append(same)
        kept.pop()
        x, _ = self.up[0](self.norm(x))
        for join, stage in zip(self.join, self.up[1:]):
            same = kept.pop()
            x = x[:, :, : same.shape[2], : same.shape[3]]  # an odd side was padded on the way down
            x, _ = stage(join(torch.cat([x, same], dim=-1)))
        return x.permute(0, 4, 1, 2, 3)

    def _decode(self, x: Tensor, levels: Sequence[Tensor]) -> Tensor:
        """The coarsest level (N, C, h, w) and the encoder's finer ones -> (N, C / 4, H, W)."""
        for expand, decoder, finer in zip(self.expand, self.decoders, (levels[1], levels[0])):
            x = decoder(torch.cat([F.pixel_shuffle(expand(x), 2), finer], dim=1))
        return x
