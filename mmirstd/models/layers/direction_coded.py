"""The direction-coded temporal U-shape of DTUM."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def pool_with_direction(x: Tensor) -> tuple[Tensor, Tensor]:
    """The largest of each 2x2 pixels, and where it was.

    Args:
        x: (B, C, T, H, W), H and W even.

    Returns:
        The pooled feature (B, C, T, H / 2, W / 2), and of the same shape the code of the direction in which the
        largest pixel lies: -1.5 and -0.5 in the upper row (left, right), 0.5 and 1.5 in the lower.
    """
    if torch.jit.is_tracing():  # ONNX has no such places of a batch
        pooled, corner = torch.stack([x[..., row::2, column::2] for row in (0, 1) for column in (0, 1)]).max(dim=0)
        return pooled, corner.to(x) - 1.5
    pooled, places = F.max_pool3d(x, (1, 2, 2), return_indices=True)
    # A place is a number of rows (those of earlier frames first, an even number) times the width, plus a column.
    code = places % 2 + 2 * (places // x.shape[-1] % 2)
    return pooled, code.to(x) - 1.5


class TemporalConv(nn.Module):
    """A convolution along time, an optional magnitude, batch norm and ReLU.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        num_frames: T, the kernel's length.
        magnitude: Of the convolution's result.
        padded: Zeros before and behind the clip keep T frames; without, one frame is left.
    """

    def __init__(
        self, in_channels: int, out_channels: int, num_frames: int, magnitude: bool = False, padded: bool = True
    ) -> None:
        super().__init__()
        padding = (num_frames - 1) // 2 if padded else 0
        self.conv = nn.Conv3d(in_channels, out_channels, (num_frames, 1, 1), padding=(padding, 0, 0))
        self.norm = nn.BatchNorm3d(out_channels)
        self.magnitude = magnitude

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, T, H, W) -> (B, out_channels, T or 1, H, W)."""
        x = self.conv(x)
        return F.relu(self.norm(x.abs() if self.magnitude else x))


class DirectionCodedUShape(nn.Module):
    """From the features of T frames to the key frame's logits.

    A U-shape whose levels convolve along time alone.  Each pooling tells by a code where in its four pixels the maximum
    was, and the next level convolves the feature times the code: how a maximum moves is seen as a pattern in time.
    Source: DTUM (TinaLRJ/Multi-frame-infrared-small-target-detection-DTUM, ``models/layers.py``).

    Args:
        channels: C.
        num_frames: T, odd.
        hidden_channels: Of the last but one convolution.
        dropout_ratio: Probability with which one of its channels is dropped while training.
        detach: No gradient goes through the coarser levels, which so keep the weights they began with, as in the
            official code.
    """

    def __init__(
        self,
        channels: int = 32,
        num_frames: int = 5,
        hidden_channels: int = 32,
        dropout_ratio: float = 0.5,
        detach: bool = True,
    ) -> None:
        super().__init__()
        if num_frames < 3 or num_frames % 2 == 0:
            raise ValueError(f'DTUM: num_frames is {num_frames}; expected an odd number from 3 on')
        self.detach = detach
        self.norm = nn.BatchNorm3d(channels)
        self.down = nn.ModuleList(
            TemporalConv(channels, channels, num_frames, magnitude=level > 0) for level in range(4)
        )
        self.up = nn.ModuleList(
            TemporalConv(2 * channels, channels, num_frames, padded=level > 0) for level in range(3)
        )
        self.hidden = nn.Sequential(
            nn.Conv3d(2 * channels, hidden_channels, (1, 3, 3), padding=(0, 1, 1)),
            nn.BatchNorm3d(hidden_channels),
            nn.ReLU(),
            nn.Dropout3d(dropout_ratio),
        )
        self.logits = nn.Conv3d(hidden_channels, 1, 1)
        if detach:
            # They get no gradient; distributed training must not wait for one.
            for part in (self.down[1:], self.up[1:]):
                part.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W), H and W multiples of 8 -> logits (B, 1, H, W)."""
        x = F.relu(self.norm(x))
        finest = self.down[0](x)
        if self.detach:
            with torch.no_grad():
                coarse = self._coarse(finest)
        else:
            coarse = self._coarse(finest)
        joined = self.up[0](torch.cat([_double(coarse), finest], dim=1))
        return self.logits(self.hidden(torch.cat([joined, x[:, :, -1:]], dim=1))).squeeze(2)

    def _coarse(self, finest: Tensor) -> Tensor:
        """The level of stride 2, after the way down and up again."""
        levels = [finest]
        for down in self.down[1:]:
            pooled, code = pool_with_direction(levels[-1])
            levels.append(down(pooled * code))
        up = levels[-1]
        for level in (2, 1):
            up = self.up[level](torch.cat([_double(up), levels[level]], dim=1))
        return up


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=(1, 2, 2), mode='nearest')
