"""Haar wavelet subbands: low and high frequencies along the two axes, and back."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

# (1/sqrt 2)^2 as PyWavelets' float32 filters give it.  MSDA-Net's official code rounds the product, 3e-8 below 1/2;
# NS-FPN's applies one filter after the other, 1.7e-8 below.
MSDA_SCALE = 0.4999999701976776
FILTER_BANK_SCALE = 0.7071067690849304**2


def haar_subbands(x: Tensor, decimate: bool = True, scale: float = MSDA_SCALE) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Haar subbands LL, LH, HL, HH, each channel alone.

    The first letter is the frequency along the rows (horizontally), the second that along the columns: LH answers to
    horizontal edges, HL to vertical ones.

    Args:
        x: Shape (B, C, H, W).
        decimate: True for the wavelet transform, one coefficient for each 2x2 block (H and W even).  False for one
            coefficient a pixel, of the pixel and its upper and left neighbors, 0 outside the image.
        scale: Factor of all coefficients, about 1/2.

    Returns:
        Four tensors, (B, C, H/2, W/2) or (B, C, H, W).
    """
    if decimate:
        top, bottom = x[..., 0::2, :], x[..., 1::2, :]
        corners = top[..., 0::2], top[..., 1::2], bottom[..., 0::2], bottom[..., 1::2]
    else:
        x = F.pad(x, (1, 0, 1, 0))
        top, bottom = x[..., :-1, :], x[..., 1:, :]
        corners = top[..., :-1], top[..., 1:], bottom[..., :-1], bottom[..., 1:]
    top_left, top_right, bottom_left, bottom_right = corners
    top_sum, top_difference = top_left + top_right, top_left - top_right
    bottom_sum, bottom_difference = bottom_left + bottom_right, bottom_left - bottom_right
    return (
        scale * (top_sum + bottom_sum),
        scale * (top_sum - bottom_sum),
        scale * (top_difference + bottom_difference),
        scale * (top_difference - bottom_difference),
    )


def haar_inverse(low: Tensor, high_y: Tensor, high_x: Tensor, high_xy: Tensor, scale: float = MSDA_SCALE) -> Tensor:
    """The image of decimated Haar subbands: the inverse of ``haar_subbands(x)`` up to its filters' rounding (6e-8).

    Args:
        low: LL, shape (B, C, H, W).
        high_y: LH, same shape.
        high_x: HL, same shape.
        high_xy: HH, same shape.
        scale: As for :func:`haar_subbands`.

    Returns:
        Shape (B, C, 2 H, 2 W).
    """
    left_sum, left_difference = low + high_x, high_y + high_xy
    right_sum, right_difference = low - high_x, high_y - high_xy
    corners = (
        left_sum + left_difference,
        right_sum + right_difference,
        left_sum - left_difference,
        right_sum - right_difference,
    )
    # The four pixels of a block as channels, then as a 2x2 block.
    blocks = scale * torch.stack(corners, dim=2).flatten(1, 2)
    return F.pixel_shuffle(blocks, 2)
