"""The convolutions before LVNet's transformer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import check_image


class MultiKernelBlock(nn.Module):
    """Convolutions of three sizes side by side, joined, with a shortcut.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(in_channels, out_channels, k, padding=k // 2) for k in (3, 5, 7))
        self.join = nn.Conv2d(3 * out_channels, out_channels, 1)
        self.shortcut = nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H, W)."""
        return self.shortcut(x) + self.join(torch.cat([conv(x) for conv in self.convs], dim=1))


@MODELS.register_module()
class LVNetEncoder(BaseModule):
    """Three levels of one frame, finest first, at strides 1, 2 and 4; for ``mmirstd.LVNetNeck``.

    Source: LVNet, arXiv 2503.02220 (ZhihuaShen/LVNet, ``model.py``).

    Args:
        in_channels: Channels of a frame.
        channels: Of the coarsest level; each finer one has half as many.
        init_cfg: mmengine initialization; None: PyTorch's own, as in the official code.
    """

    def __init__(self, in_channels: int = 1, channels: int = 24, init_cfg: dict | list[dict] | None = None) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        widths = [channels // 4, channels // 2, channels]
        self.encoders = nn.ModuleList(
            MultiKernelBlock(before, after) for before, after in zip([in_channels, *widths[1:]], widths)
        )
        self.downs = nn.ModuleList(nn.Conv2d(4 * width, 2 * width, 1) for width in widths[:2])

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """(N, 1, H, W), H and W multiples of 4 -> three levels."""
        x = check_image(self, frames, self.in_channels, 4)
        levels = [self.encoders[0](x)]
        for down, encoder in zip(self.downs, self.encoders[1:]):
            levels.append(encoder(down(F.pixel_unshuffle(levels[-1], 2))))
        return tuple(levels)
