"""Deformable convolution in plain PyTorch, because mmcv's needs its compiled operators."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from .precision import at_least_float32


def deform_conv2d(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    padding: tuple[int, int],
    mask: Tensor | None = None,
    groups: int = 1,
) -> Tensor:
    """Deformable convolution (Dai et al., 2017; with ``mask`` modulated, Zhu et al., 2019): stride 1, no dilation.

    Every kernel position reads the input at its own place plus an offset, bilinearly, 0 outside the image.  It reads in
    float32 or better.

    Args:
        x: Shape (B, C, H, W).
        offset: Shape (B, groups * 2 * kh * kw, H', W') in pixels: for each group of channels row and column offset of
            each kernel position, which go through the kernel row by row.  H' and W' are the output's size.
        weight: Shape (O, C, kh, kw).
        bias: Shape (O, ) or None.
        padding: Rows and columns of zeros at each side.
        mask: Shape (B, groups * kh * kw, H', W'), the factor of each sample; None: 1.
        groups: Groups of input channels with offsets of their own.

    Returns:
        Shape (B, O, H', W').
    """
    batch, _, height, width = x.shape
    kernel_h, kernel_w = weight.shape[2:]
    taps = kernel_h * kernel_w
    out_h, out_w = offset.shape[2:]
    # In 16 bits places are pixels away from where they should be, and grid_sample on CPU gives nonsense.
    wide = at_least_float32(x)
    offset = at_least_float32(offset).reshape(batch * groups, taps, 2, out_h, out_w)
    ky, kx = torch.meshgrid(
        torch.arange(kernel_h, device=x.device), torch.arange(kernel_w, device=x.device), indexing='ij'
    )
    rows = torch.arange(out_h, device=x.device).view(1, out_h, 1) - padding[0] + ky.reshape(-1, 1, 1)
    columns = torch.arange(out_w, device=x.device).view(1, 1, out_w) - padding[1] + kx.reshape(-1, 1, 1)
    # grid_sample's -1 and 1 are the outer edges of the border pixels.
    grid_y = (2 * (rows + offset[:, :, 0]) + 1) / height - 1
    grid_x = (2 * (columns + offset[:, :, 1]) + 1) / width - 1
    grid = torch.stack([grid_x, grid_y], dim=-1).flatten(1, 2).to(wide)
    grouped = wide.reshape(batch * groups, -1, height, width)
    sampled = F.grid_sample(grouped, grid, mode='bilinear', padding_mode='zeros', align_corners=False).to(x.dtype)
    sampled = sampled.reshape(*sampled.shape[:2], taps, out_h, out_w)
    if mask is not None:
        sampled = sampled * mask.reshape(batch * groups, 1, taps, out_h, out_w)
    out = torch.einsum('bckhw,ock->bohw', sampled.reshape(batch, -1, taps, out_h, out_w), weight.flatten(2))
    return out if bias is None else out + bias.view(1, -1, 1, 1)


class DeformConv2dPack(BaseModule):
    """Deformable convolution with a convolution of its own for the offsets, which starts at 0 (a plain convolution).

    Keeps the input's size: stride 1, odd kernel, 'same' padding.  Equal to mmcv's ``DeformConv2dPack`` with a bias.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        kernel_size: Odd height and width of the kernel.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.padding = (kernel_size[0] // 2, kernel_size[1] // 2)
        # Holds weight and bias; its own forward is not used.
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=self.padding)
        self.offset = nn.Conv2d(in_channels, 2 * kernel_size[0] * kernel_size[1], kernel_size, padding=self.padding)
        self.reset_offset()

    def reset_offset(self) -> None:
        """Start as a plain convolution."""
        nn.init.zeros_(self.offset.weight)
        if self.offset.bias is not None:
            nn.init.zeros_(self.offset.bias)

    def init_weights(self) -> None:
        """Keep the offsets at 0 where a parent initializes all convolutions."""
        super().init_weights()
        self.reset_offset()

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H, W)."""
        return deform_conv2d(x, self.offset(x), self.conv.weight, self.conv.bias, self.padding)
