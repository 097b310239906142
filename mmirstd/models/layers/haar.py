"""Haar wavelet subbands: low and high frequencies along the two axes."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

# (1/sqrt 2)^2 as PyWavelets' float32 filters give it in MSDA-Net's official code; 3e-8 below 1/2.
_SCALE = 0.4999999701976776


def haar_subbands(x: Tensor, decimate: bool = True) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Haar subbands LL, LH, HL, HH, each channel alone.

    The first letter is the frequency along the rows (horizontally), the second that along the columns: LH answers to
    horizontal edges, HL to vertical ones.

    Args:
        x: Shape (B, C, H, W).
        decimate: True for the wavelet transform, one coefficient for each 2x2 block (H and W even).  False for one
            coefficient a pixel, of the pixel and its upper and left neighbors, 0 outside the image.

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
        _SCALE * (top_sum + bottom_sum),
        _SCALE * (top_sum - bottom_sum),
        _SCALE * (top_difference + bottom_difference),
        _SCALE * (top_difference - bottom_difference),
    )
