"""Channel attention from one frequency of each channel (FcaNet)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# The 16 frequencies that did best in FcaNet (Qin et al., 2021), as rows and columns of a 7x7 cosine transform.
_ROWS = (0, 0, 6, 0, 0, 1, 1, 4, 5, 1, 3, 0, 0, 0, 3, 2)
_COLUMNS = (0, 1, 0, 5, 2, 0, 2, 0, 0, 6, 0, 4, 6, 3, 5, 2)


class FrequencyAttention(nn.Module):
    """Weighs each channel by a small network on one coefficient of each channel's cosine transform.

    Args:
        channels: Channels, a multiple of 16: each sixteenth has one frequency.
        size: Side of the square to which the feature is averaged first, a multiple of 7.
    """

    basis: Tensor

    def __init__(self, channels: int, size: int = 56) -> None:
        super().__init__()
        count = len(_ROWS)
        if channels % count:
            raise ValueError(f'FrequencyAttention: channels is {channels}; expected a multiple of {count}')
        self.size = size
        scale = size // 7
        waves = [
            torch.outer(_cosine(row * scale, size), _cosine(column * scale, size))
            for row, column in zip(_ROWS, _COLUMNS)
        ]
        # A constant: no part of a checkpoint.
        self.register_buffer('basis', torch.stack(waves).repeat_interleave(channels // count, dim=0).float(), False)
        hidden = channels // count
        self.weigh = nn.Sequential(
            nn.Linear(channels, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, channels, bias=False), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        square = x if x.shape[-2:] == (self.size, self.size) else F.adaptive_avg_pool2d(x, self.size)
        return x * self.weigh((square * self.basis).sum(dim=(2, 3)))[:, :, None, None]


def _cosine(frequency: int, size: int) -> Tensor:
    """One orthonormal wave of the cosine transform, in double precision."""
    wave = torch.cos(math.pi * frequency * (torch.arange(size, dtype=torch.float64) + 0.5) / size) / math.sqrt(size)
    return wave * math.sqrt(2) if frequency else wave
