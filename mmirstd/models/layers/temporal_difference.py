"""TDCNet's temporal difference convolutions (AAAI 2026)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Rows: what each of the five moments of the effective kernel is of the learned one's.  Differences of neighbors, of
# every second moment, and of all past ones from the last; the first two leave moments of the learned kernel unused, as
# the official code does.
_SHORT = ((0, -1, 0, 0, 0), (0, 1, -1, 0, 0), (0, 0, 1, -1, 0), (0, 0, 0, 1, -1), (0, 0, 0, 0, 1))
_MIDDLE = ((0, 0, -1, 0, 0), (0, 0, 0, -1, 0), (0, 0, 1, 0, -1), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1))
_LONG = ((-1, 0, 0, 0, 0), (0, -1, 0, 0, 0), (0, 0, -1, 0, 0), (0, 0, 0, -1, 0), (1, 1, 1, 1, 1))


class TemporalDifferenceConv3d(nn.Module):
    """Three convolutions of 5x3x3 on differences over short, middle and long times; norms, their sum, and ReLU.

    A difference of frames is linear, so each is a convolution with another kernel.  In eval mode the three and their
    norms are one convolution, equal up to rounding (the paper's re-parameterization).

    Source: TDCNet (IVPLaboratory/TDCNet, model/TDCNet/TDCR.py); equal to the official code.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        stride: Of time, rows and columns.
        groups: Groups of channels.
    """

    differences: Tensor

    def __init__(self, in_channels: int, out_channels: int, stride: tuple[int, int, int], groups: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.groups = groups
        self.convs = nn.ModuleList(
            nn.Conv3d(in_channels, out_channels, (5, 3, 3), stride, (2, 1, 1), groups=groups, bias=False)
            for _ in range(3)
        )
        self.norms = nn.ModuleList(nn.BatchNorm3d(out_channels) for _ in range(3))
        self.register_buffer('differences', torch.tensor([_SHORT, _MIDDLE, _LONG], dtype=torch.float32), False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, T, H, W) -> (B, out_channels, T', H', W')."""
        kernels = [self._kernel(index) for index in range(3)]
        norms: list[Any] = list(self.norms)
        if self.training:
            first, second, third = (norm(self._convolve(x, kernel)) for norm, kernel in zip(norms, kernels))
            return (first + second + third).relu()
        scales = [norm.weight / (norm.running_var + norm.eps).sqrt() for norm in norms]
        joined = torch.stack([kernel * scale.view(-1, 1, 1, 1, 1) for kernel, scale in zip(kernels, scales)]).sum(dim=0)
        biases = [norm.bias - norm.running_mean * scale for norm, scale in zip(norms, scales)]
        return self._convolve(x, joined, torch.stack(biases).sum(dim=0)).relu()

    def _kernel(self, index: int) -> Tensor:
        """The kernel on frames that is the learned one on their differences."""
        conv: Any = self.convs[index]
        weight = conv.weight
        return torch.einsum('ts,oishw->oithw', self.differences[index].to(weight), weight)

    def _convolve(self, x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
        return F.conv3d(x, kernel, bias, self.stride, (2, 1, 1), groups=self.groups)
