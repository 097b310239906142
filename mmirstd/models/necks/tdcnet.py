"""TDCNet's attention between features of differences, of the clip and of the key frame (AAAI 2026)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers.video_swin import (
    Window,
    WindowAttention3D,
    fit_window,
    join_windows,
    may_shift,
    part_windows,
    roll,
    shift_mask,
)
from .concat_fusion import ConcatFusion
from .gated_key import KAIMING_UNIFORM


def _mlp(channels: int, ratio: float) -> nn.Sequential:
    hidden = int(channels * ratio)
    return nn.Sequential(nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, channels))


def _pad(x: Tensor, window: Sequence[int]) -> Tensor:
    """Zeros behind (B, T, H, W, C) up to multiples of the window's sides."""
    free = [-side % step for side, step in zip(x.shape[1:4], window)]
    return F.pad(x, (0, 0, 0, free[2], 0, free[1], 0, free[0]))


class WindowSelfAttention(nn.Module):
    """Attention within windows, then within shifted windows, each with a small network behind it.

    Two features of the official code: the mask of the shifted windows parts frames also where time is not shifted; and
    a feature that fits into one window, so that nothing is shifted, is normed and added a second time without
    attention.

    Args:
        channels: C, a multiple of the heads.
        window: Frames, rows and columns.
        num_heads: Heads.
        mlp_ratio: Hidden channels of the small networks over C.
    """

    def __init__(self, channels: int, window: Window, num_heads: int = 4, mlp_ratio: float = 1.5) -> None:
        super().__init__()
        self.window = window
        self.shift = tuple(side // 2 for side in window)
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(4))
        self.attentions = nn.ModuleList(WindowAttention3D(channels, window, num_heads) for _ in range(2))
        self.mlps = nn.ModuleList(_mlp(channels, mlp_ratio) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, H, W, C) -> the same."""
        sides = x.shape[1:4]
        window, shift = fit_window(sides, self.window, self.shift)
        first = join_windows(
            self.attentions[0](part_windows(_pad(self.norms[0](x), window), window), None),
            window,
            _pad(x, window).shape,
        )
        x = _pad(x, window) + first
        x = x + self.mlps[0](self.norms[1](x))
        second = self.norms[2](x)
        if may_shift(shift):
            mask = shift_mask(x.shape[1:4], window, shift, x, edges=(self.window, self.shift))
            moved = part_windows(roll(second, [-by for by in shift]), window)
            attended = roll(join_windows(self.attentions[1](moved, mask), window, x.shape), shift)
            # Traced: whether anything is shifted depends on the size, in the graph.
            second = torch.where(sum(shift) > 0, attended, second) if torch.jit.is_tracing() else attended
        x = (x + second)[:, : sides[0], : sides[1], : sides[2]]
        return x + self.mlps[1](self.norms[3](x))


class WindowCrossAttention(nn.Module):
    """Values attended to by queries and keys of other features, within windows.

    Args:
        channels: C, a multiple of the heads.
        window: Frames, rows and columns.
        num_heads: Heads.
        mlp_ratio: Hidden channels of the small network over C.
    """

    def __init__(self, channels: int, window: Window, num_heads: int = 4, mlp_ratio: float = 2.0) -> None:
        super().__init__()
        self.window = window
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(3))
        self.attention = WindowAttention3D(channels, window, num_heads, project_inputs=False)
        self.out_norm = nn.LayerNorm(channels)
        self.mlp = _mlp(channels, mlp_ratio)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Three times (B, T, H, W, C) -> (B, T, H, W, C)."""
        sides = value.shape[1:4]
        window, _ = fit_window(sides, self.window, self.window)
        padded = [_pad(norm(x), window) for norm, x in zip(self.norms, (query, key, value))]
        attended = self.attention.attend(*(part_windows(x, window) for x in padded))
        attended = join_windows(attended, window, padded[0].shape)[:, : sides[0], : sides[1], : sides[2]]
        x = value + attended
        return x + self.mlp(self.out_norm(x))


class GuidedLevel(nn.Module):
    """One level: self-attention of the three features, then the key frame's guided by the two of the clip.

    Args:
        channels: C.
        window: Frames, rows and columns.
    """

    def __init__(self, channels: int, window: Window) -> None:
        super().__init__()
        self.own = nn.ModuleList(WindowSelfAttention(channels, window) for _ in range(3))
        self.guide = WindowCrossAttention(channels, window)

    def forward(self, differences: Tensor, clip: Tensor, key: Tensor) -> Tensor:
        """(B, C, T, H, W), the same, and (B, C, H, W) -> (B, C, H, W), the mean over time."""
        frames = key.unsqueeze(2).expand(-1, -1, differences.shape[2], -1, -1)
        features = [own(x.permute(0, 2, 3, 4, 1)) for own, x in zip(self.own, (differences, clip, frames))]
        return self.guide(*features).mean(dim=1).permute(0, 3, 1, 2)


@MODELS.register_module()
class TDCNeck(BaseModule):
    """The key frame's levels, guided by those of temporal differences and of the clip, and their fusion.

    Temporal neck of ``mmirstd.KeyFrameDetector`` with two clip backbones: of differences, and a plain one.  Source:
    TDCNet (IVPLaboratory/TDCNet, model/TDCNet); equal to the official code.

    Args:
        channels: Of the levels, finest first, of all three backbones.
        windows: Of the attention at each level: frames, rows and columns.
        out_channels: After the last 1x1 convolution (the stem of the official YOLOX head).
        norm_cfg: Norm layer config.
        act_cfg: Activation config.
        init_cfg: mmengine initialization; mmdet's for YOLOX.
    """

    def __init__(
        self,
        channels: Sequence[int] = (128, 256, 512),
        windows: Sequence[Window] = ((2, 8, 8), (2, 4, 4), (2, 2, 2)),
        out_channels: int = 256,
        norm_cfg: dict = dict(type='BN', momentum=0.03, eps=0.001),
        act_cfg: dict = dict(type='SiLU', inplace=False),
        init_cfg: dict | Sequence[dict] | None = KAIMING_UNIFORM,
    ) -> None:
        super().__init__(init_cfg)
        self.levels = nn.ModuleList(
            GuidedLevel(width, (window[0], window[1], window[2])) for width, window in zip(channels, windows)
        )
        self.fusion = ConcatFusion(channels, norm_cfg, act_cfg)
        self.out_conv = nn.Sequential(ConvModule(channels[0], out_channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg))

    def forward(self, key: Sequence[Tensor], differences: Sequence[Tensor], clip: Sequence[Tensor]) -> tuple[Tensor]:
        """The coupled level.

        Args:
            key: Levels of the key frame (B, C_l, H / s, W / s), finest first.
            differences: Levels of the aligned frames' differences (B, C_l, T_l, H / s, W / s).
            clip: Levels of the frames as they were, of the same shapes.

        Returns:
            One level (B, out_channels, H / 8, W / 8).
        """
        guided = [level(*features) for level, *features in zip(self.levels, differences, clip, key)]
        return (self.out_conv(self.fusion(guided)),)
