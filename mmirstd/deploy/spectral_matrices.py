"""Fourier transforms as products of matrices, for graph formats that have none."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.models.layers.high_pass import FALLBACK, DynamicHighPass, frequency_blocks
from mmirstd.models.layers.spectral_filter import SpectralFilter

Complex = tuple[Tensor, Tensor]


def fourier_matrix(side: Any, like: Tensor) -> Complex:
    """Cosines and sines of a discrete Fourier transform, (side, side) each, of the type of ``like``."""
    places = torch.arange(side, device=like.device)
    # The remainder keeps the angle small, and with it exact.
    angle = (places[:, None] * places % side).to(torch.float64) * (2 * math.pi) / side
    # The cosine as a sine: ONNX Runtime before 1.24 has no cosine of float64.
    return (angle + math.pi / 2).sin().to(like), -angle.sin().to(like)


def full_spectrum(x: Tensor) -> Complex:
    """``fft2`` of (B, C, H, W): real and imaginary part, (B, C, H, W) each."""
    rows = fourier_matrix(x.shape[-2], x)
    across = [x @ part for part in fourier_matrix(x.shape[-1], x)]
    return rows[0] @ across[0] - rows[1] @ across[1], rows[0] @ across[1] + rows[1] @ across[0]


def from_full_spectrum(spectrum: Complex) -> Complex:
    """``ifft2``: real and imaginary part."""
    real, imaginary = spectrum
    height, width = real.shape[-2:]
    cosines, sines = fourier_matrix(height, real)
    down = cosines @ real + sines @ imaginary, cosines @ imaginary - sines @ real
    cosines, sines = (part / (height * width) for part in fourier_matrix(width, real))
    return down[0] @ cosines + down[1] @ sines, down[1] @ cosines - down[0] @ sines


def half_spectrum(x: Tensor) -> Complex:
    """``rfft2`` of (B, C, H, W): real and imaginary part, (B, C, H, W // 2 + 1) each."""
    half = x.shape[-1] // 2 + 1
    columns, rows = fourier_matrix(x.shape[-1], x), fourier_matrix(x.shape[-2], x)
    across = [x @ part[:, :half] for part in columns]
    real, imaginary = rows[0] @ across[0] - rows[1] @ across[1], rows[0] @ across[1] + rows[1] @ across[0]
    # Where a frequency is its own opposite the imaginary part is 0; rounding would give it a sign, and that a phase.
    alone = _own_opposite(x.shape[-2], x.shape[-2], x)[:, None] & _own_opposite(half, x.shape[-1], x)
    return real, torch.where(alone, torch.zeros_like(imaginary), imaginary)


def _own_opposite(count: Any, side: Any, like: Tensor) -> Tensor:
    """Which of the first ``count`` frequencies of an axis are their own opposites, (count,)."""
    return torch.arange(count, device=like.device) * 2 % side == 0


def from_half_spectrum(spectrum: Complex, width: Any) -> Tensor:
    """``irfft2`` to (B, C, H, width)."""
    real, imaginary = spectrum
    cosines, sines = fourier_matrix(real.shape[-2], real)
    down = cosines @ real + sines @ imaginary, cosines @ imaginary - sines @ real
    half = real.shape[-1]
    # All columns but the first, and the last of an even width, stand for two.
    number = torch.arange(half, device=real.device)
    twice = 1 + ((number > 0) & (number * 2 != width)).to(real)
    cosines, sines = (part[:half] * twice[:, None] for part in fourier_matrix(width, real))
    return (down[0] @ cosines + down[1] @ sines) / (real.shape[-2] * width)


class MatrixSpectralFilter(nn.Module):
    """The results of :class:`~mmirstd.models.layers.spectral_filter.SpectralFilter`.

    Args:
        spectral: Its layers are shared.
    """

    def __init__(self, spectral: SpectralFilter) -> None:
        super().__init__()
        self.spectral = spectral

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        spectral = self.spectral
        return spectral.project((self._filter(x) + x).relu()) + spectral.scale * x

    def _filter(self, x: Tensor) -> Tensor:
        spectral = self.spectral
        height, width = x.shape[-2:]
        rows = torch.arange(height, device=x.device)
        shift = (height - 1) // 2
        there, back = (rows - shift + height) % height, (rows + shift) % height
        real, imaginary = (part.index_select(2, there) for part in half_spectrum(x + spectral.EPSILON))
        amplitude = (real.square() + imaginary.square()).sqrt()
        # ONNX has no atan2. What stands for it takes -pi, not pi, where the imaginary part is 0.
        phase = torch.where((imaginary == 0) & (real < 0), torch.full_like(real, math.pi), torch.atan2(imaginary, real))
        new_amplitude = spectral.amplitude_gate(spectral.amplitude(amplitude))
        guide = torch.cat([phase, new_amplitude - amplitude], dim=1)
        new_phase = spectral.phase_gate(spectral.phase(guide)) * (2 * math.pi) - math.pi
        parts = new_amplitude * new_phase.cos() + spectral.EPSILON, new_amplitude * new_phase.sin()
        found = from_half_spectrum((parts[0].index_select(2, back), parts[1].index_select(2, back)), width)
        return found.abs()


class MatrixHighPass(nn.Module):
    """The results of :func:`~mmirstd.models.layers.high_pass.dynamic_high_pass`.

    Args:
        high_pass: Says which frequencies belong to a block.
    """

    def __init__(self, high_pass: DynamicHighPass) -> None:
        super().__init__()
        self.symmetric = high_pass.symmetric

    def forward(self, x: Tensor, share: float) -> Tensor:
        """(B, 1, H, W) and a share of the energy -> (B, 1, H, W)."""
        height, width = x.shape[-2:]
        rows, columns = (frequency_blocks(size, self.symmetric, x.device) for size in (height, width))
        real, imaginary = full_spectrum(x)
        cutoff = self._cutoff(real.square() + imaginary.square(), rows, columns, share)
        kept = (torch.maximum(rows[:, None], columns) > cutoff[:, None, None, None]).to(x)
        real, imaginary = from_full_spectrum((real * kept, imaginary * kept))
        return (real.square() + imaginary.square()).sqrt()

    def _cutoff(self, energy: Tensor, rows: Tensor, columns: Tensor, share: float) -> Tensor:
        """(B, 1, H, W) and the block of each row and column -> the smallest block with enough energy, (B,)."""
        height, width = energy.shape[-2:]
        block = torch.arange(height // 2, device=energy.device)
        in_rows, in_columns = ((axis <= block[:, None]).to(energy) for axis in (rows, columns))
        within = ((in_rows @ energy[:, 0]) * in_columns).sum(dim=-1)
        enough = (within >= share * energy.sum(dim=(2, 3))) & (block > 0) & (2 * block + 2 <= width)
        none = torch.ones_like(block) * height
        first = torch.where(enough, block, none).amin(dim=1)
        return torch.where(first < height, first, torch.full_like(first, FALLBACK))
