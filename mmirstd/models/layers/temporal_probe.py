"""DeepPro's temporal probe: learned patterns over the whole time of a pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .difference_conv import conv3d_norm


class TemporalProbe(nn.Module):
    """Each head is a linear map over time, from T frames to T, shared by its channels and all pixels.

    Source: DeepPro (TinaLRJ/DeepPro, ``networks/layers/TPro.py``).  The maps' size is T x T, so weights belong to one
    clip length.

    Args:
        channels: Channels, a multiple of the heads.
        num_heads: Heads.
        num_frames: T.
    """

    def __init__(self, channels: int, num_heads: int, num_frames: int) -> None:
        super().__init__()
        self.num_frames = num_frames
        self.heads = nn.ModuleList(nn.Linear(num_frames, num_frames) for _ in range(num_heads))
        self.norm = nn.BatchNorm3d(channels)
        self.mix = conv3d_norm(channels, channels)

    def forward(self, x: Tensor, key_frame: bool = False) -> Tensor:
        """(B, C, T, H, W) -> (B, C, T, H, W), or with ``key_frame`` (B, C, 1, H, W), the last frame alone."""
        size = x.shape[-2:]
        rows = slice(-1, None) if key_frame else slice(None)
        probed = []
        for head, part in zip(self.heads, x.flatten(3).chunk(len(self.heads), dim=1)):
            assert isinstance(head, nn.Linear)
            scaled = torch.matmul(head.weight[rows], part / self.num_frames**0.5)
            probed.append(scaled + head.bias[rows, None])
        joined = torch.cat(probed, dim=1)
        joined = joined.reshape(*joined.shape[:3], *size)
        return self.mix(F.relu(self.norm(joined), inplace=True))
