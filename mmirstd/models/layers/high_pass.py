"""A high-pass filter whose cutoff follows from how the image's energy is spread (HDNet)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

#: Block that is taken away where no block has the share of the energy.
FALLBACK = 5


def frequency_blocks(size: Any, symmetric: bool, device: torch.device) -> Tensor:
    """For each frequency of an axis (as ``torch.fft.fft`` orders them) the smallest block that holds it, (size,).

    See :func:`frequency_rings`.
    """
    places = torch.arange(size, device=device)
    frequency = torch.where(2 * places < size, places, places - size)
    return frequency.abs() if symmetric else torch.where(frequency < 0, -frequency, frequency + 1)


def frequency_rings(height: int, width: int, symmetric: bool, device: torch.device) -> Tensor:
    """For each place of a spectrum (as ``torch.fft.fft2`` orders it) the smallest centered block that holds it.

    Block ``c`` holds the frequencies from ``-c`` to ``c - 1`` along both axes, or to ``c`` where it is symmetric.

    Returns:
        Shape (height, width), integers; 0 only at frequency 0 of symmetric blocks.
    """
    rows, columns = (frequency_blocks(size, symmetric, device) for size in (height, width))
    return torch.maximum(rows[:, None], columns)


def dynamic_high_pass(x: Tensor, share: float, symmetric: bool = False) -> Tensor:
    """Magnitude of an image without its low frequencies, as many as hold a share of its energy (HDNet's DHPF).

    Of each sample, the smallest centered block of frequencies with at least that share of the energy is set to 0; block
    5 where no block smaller than half the spectrum has it.  The choice jumps, and no gradient passes through it.

    Args:
        x: Shape (B, 1, H, W); computed in float32 or better.
        share: Of the energy, in (0, 1).
        symmetric: Remove as many positive as negative frequencies, so that the filtered image is real and its magnitude
            is that of the image.  The official code removes one more negative frequency, and takes the magnitude of the
            complex image that this leaves.

    Returns:
        Same shape and type, >= 0.
    """
    spectrum = torch.fft.fft2(x if x.dtype.itemsize > 2 else x.float())
    height, width = x.shape[2:]
    rings = frequency_rings(height, width, symmetric, x.device)
    with torch.no_grad():
        largest = min(height, width) // 2 - 1
        energy = spectrum.abs().square().flatten(1)
        within = energy.new_zeros(len(x), max(height, width) + 1)
        within = within.index_add(1, rings.flatten(), energy).cumsum(dim=1)[:, : largest + 1]
        enough = within >= share * energy.sum(dim=1, keepdim=True)
        enough[:, 0] = False
        # The first block that is large enough; argmax gives the first of equal values.
        cutoff = torch.where(enough.any(dim=1), enough.int().argmax(dim=1), FALLBACK)
    kept = rings > cutoff[:, None, None, None]
    return torch.fft.ifft2(spectrum * kept).abs().to(x.dtype)


class DynamicHighPass(nn.Module):
    """:func:`dynamic_high_pass` as a layer, which an export can replace.

    Args:
        symmetric: See there.
    """

    def __init__(self, symmetric: bool = False) -> None:
        super().__init__()
        self.symmetric = symmetric

    def forward(self, x: Tensor, share: float) -> Tensor:
        """(B, 1, H, W) and a share of the energy -> (B, 1, H, W)."""
        return dynamic_high_pass(x, share, self.symmetric)
