"""Convolutions of clips whose kernels are differences in time or space (DeepPro)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TemporalDifferenceConv(nn.Conv3d):
    """A 3-D convolution with the kernel ``2 w_t - w_(t+1) - w_(t-1)``; at its ends the neighbor is itself.

    Source: DeepPro (TinaLRJ/DeepPro, ``networks/layers/basic.py``).  Arguments are those of :class:`torch.nn.Conv3d`;
    zeros pad.
    """

    def kernel(self) -> Tensor:
        """The kernel that is applied, (O, I, T, H, W)."""
        weight = self.weight
        later = torch.cat([weight[:, :, 1:], weight[:, :, -1:]], dim=2)
        earlier = torch.cat([weight[:, :, :1], weight[:, :, :-1]], dim=2)
        return 2 * weight - later - earlier

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, T, H, W) -> (B, O, T', H', W')."""
        return F.conv3d(x, self.kernel(), self.bias, self.stride, self.padding, self.dilation, self.groups)


class SpatialDifferenceConv(TemporalDifferenceConv):
    """A 3-D convolution with the kernel ``-w``, at the center of each time the sum of all ``w`` there.

    So a constant image gives ``sum(w) - (sum(w) - w_center)``, what the official code gives.
    """

    def kernel(self) -> Tensor:
        """See :class:`TemporalDifferenceConv`."""
        weight = self.weight
        height, width = weight.shape[-2:]
        center = torch.zeros_like(weight[0, 0, 0])
        center[(height - 1) // 2, (width - 1) // 2] = 1
        return torch.where(center.bool(), weight.sum(dim=(3, 4), keepdim=True), -weight)


def conv3d_norm(
    in_channels: int, out_channels: int, kernel_size: tuple[int, int, int] = (1, 1, 1), act: bool = True
) -> nn.Sequential:
    """A 3-D convolution with zero padding of its size, batch norm, and ReLU if ``act``."""
    padding = (kernel_size[0] // 2, kernel_size[1] // 2, kernel_size[2] // 2)
    layers: list[nn.Module] = [
        nn.Conv3d(in_channels, out_channels, kernel_size, padding=padding),
        nn.BatchNorm3d(out_channels),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if act else []))


class DifferenceBlock(nn.Module):
    """DeepPro's residual block: differences in time, then a second look in time or at differences in space.

    ``ReLU(BN(conv1x1(ReLU(BN(second(ReLU(BN(first(x)))))))) + shortcut(x))``.  ``first`` takes differences in time,
    every second frame.  Without ``spatial`` both convolutions run along time alone; with it ``first`` has a 3x3 kernel,
    too, and ``second`` takes differences in space, of every second pixel.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        spatial: See above.
    """

    def __init__(self, in_channels: int, out_channels: int, spatial: bool) -> None:
        super().__init__()
        side = 3 if spatial else 1
        self.first = TemporalDifferenceConv(
            in_channels, out_channels, (3, side, side), padding=(2, side // 2, side // 2), dilation=(2, 1, 1)
        )
        self.first_norm = nn.BatchNorm3d(out_channels)
        self.second: nn.Module
        if spatial:
            self.second = SpatialDifferenceConv(out_channels, out_channels, 3, padding=(1, 2, 2), dilation=(1, 2, 2))
        else:
            self.second = nn.Conv3d(out_channels, out_channels, (3, 1, 1), padding=(1, 0, 0))
        self.second_norm = nn.BatchNorm3d(out_channels)
        self.mix = conv3d_norm(out_channels, out_channels, act=False)
        self.shortcut = conv3d_norm(in_channels, out_channels, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, T, H, W) -> (B, out_channels, T, H, W)."""
        out = F.relu(self.first_norm(self.first(x)), inplace=True)
        out = F.relu(self.second_norm(self.second(out)), inplace=True)
        return F.relu(self.mix(out) + self.shortcut(x), inplace=True)
