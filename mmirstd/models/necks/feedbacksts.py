"""FeedbackSTS-Det: a 3-D U-Net whose residual branches hand semantics from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers.difference_conv import conv3d_norm
from ..layers.pyramid_alignment import PyramidAlignment
from .clip_neck import ClipNeck


class SemanticFeedbackBlock(nn.Module):
    """Two 3x3x3 convolutions, and a residual branch in which each frame is aligned to the result of an earlier one.

    The frames form ``spacing`` groups of every ``spacing``-th frame; within a group the first one stays, and each next
    is aligned to the one before, forward or backward in time.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        forward_in_time: The direction.
        num_levels: Of the alignment.
        spacing: Frames between neighbors of a group.
    """

    def __init__(
        self, in_channels: int, out_channels: int, forward_in_time: bool, num_levels: int = 2, spacing: int = 2
    ) -> None:
        super().__init__()
        kernel = (3, 3, 3)
        self.body = nn.Sequential(
            conv3d_norm(in_channels, out_channels, kernel), conv3d_norm(out_channels, out_channels, kernel)
        )
        self.project = nn.Conv3d(in_channels, out_channels, 1, bias=False)
        self.align = PyramidAlignment(out_channels, num_levels)
        self.forward_in_time = forward_in_time
        self.spacing = spacing

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, T, H, W) -> (B, out_channels, T, H, W)."""
        frames = list(self.project(x).unbind(2))
        for first in range(self.spacing):
            group = list(range(first, len(frames), self.spacing))
            if not self.forward_in_time:
                group.reverse()
            for before, after in zip(group, group[1:]):
                frames[after] = self.align(frames[after], frames[before])
        return self.body(x) + torch.stack(frames, dim=2)


@MODELS.register_module()
class FeedbackSTSNeck(ClipNeck):
    """The network FeedbackSTS-Det without its last convolution, from the frames to a feature of each of them.

    Source: arXiv 2601.14690 (IDIP-Lab/FeedbackSTS-Det, ``model/FeedbackSTS.py``); equal to the official code.
    Semantics go forward in time on the way down and backward on the way up.  Height and width must be multiples of 32.

    Args:
        num_frames: T, at least 3.
        in_channels: Channels of a frame.
        channels: Of the levels, finest first.
        init_cfg: mmengine initialization; None: PyTorch's own, as in the official code.

    Raises:
        ValueError: If ``num_frames`` is less than 3.
    """

    def __init__(
        self,
        num_frames: int = 5,
        in_channels: int = 1,
        channels: Sequence[int] = (8, 16, 32, 64, 128),
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_frames < 3:
            raise ValueError(
                f'FeedbackSTSNeck: num_frames is {num_frames}; expected at least 3: each frame is aligned to the one '
                'two before it'
            )
        self.num_frames = num_frames
        self.down = nn.ModuleList(
            SemanticFeedbackBlock(before, after, forward_in_time=True)
            for before, after in zip([in_channels, *channels], channels)
        )
        coarse_first = list(channels)[::-1]
        self.upsample = nn.ModuleList(
            nn.ConvTranspose3d(coarse, fine, (1, 4, 4), stride=(1, 2, 2), padding=(0, 1, 1))
            for coarse, fine in zip(coarse_first, coarse_first[1:])
        )
        self.up = nn.ModuleList(
            SemanticFeedbackBlock(2 * fine, fine, forward_in_time=False) for fine in coarse_first[1:]
        )

    def features(self, clips: Tensor, key_frame: bool) -> Tensor:
        """See :class:`ClipNeck`; the key frame's feature depends on all others', so nothing is saved."""
        levels: list[Tensor] = []
        for block in self.down:
            levels.append(block(F.max_pool3d(levels[-1], (1, 2, 2)) if levels else clips))
        x = levels.pop()
        for upsample, block in zip(self.upsample, self.up):
            x = block(torch.cat([F.relu(upsample(x)), levels.pop()], dim=1))
        return x[:, :, -1:] if key_frame else x
