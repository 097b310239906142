"""Tridos's filter in the frequency domain (TGRS 2024)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class SpectrumGate(nn.Module):
    """Weighs each place by a small network on the mean and the maximum over its channels."""

    def __init__(self) -> None:
        super().__init__()
        self.weigh = nn.Sequential(nn.Conv2d(2, 2, 3, padding=1, groups=2), nn.ReLU(), nn.Conv2d(2, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return x * self.weigh(torch.cat([x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)], dim=1))


class SpectralFilter(nn.Module):
    """New amplitudes and phases for a feature's spectrum, by convolutions over the spectrum; added to the feature.

    Rows of the spectrum are ordered from the lowest frequency to the highest, so that neighbors are alike.

    Source: Tridos (UESTC-nnLab/Tridos, ``AGPF``); equal to the official code at even heights.  At odd ones that code
    puts the rows back one row aside.

    Args:
        channels: Channels C.
    """

    #: Keeps the amplitude from being 0, where a phase has no gradient.
    EPSILON = 1e-8

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.amplitude = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 1),
            nn.ReLU(),
        )
        self.amplitude_gate = SpectrumGate()
        self.phase = nn.Sequential(
            nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels),
            nn.ReLU(),
            nn.Conv2d(2 * channels, channels, 1),
            nn.Sigmoid(),
        )
        self.phase_gate = SpectrumGate()
        self.project = nn.Conv2d(channels, channels, 3, padding=1)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return self.project((self._filter(x) + x).relu()) + self.scale * x

    def _filter(self, x: Tensor) -> Tensor:
        shift = (x.shape[-2] - 1) // 2
        # No transform in 16 bits; the convolutions between may run in them.
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        spectrum = torch.fft.rfft2(wide + self.EPSILON).roll(shift, dims=-2)
        amplitude, phase = spectrum.abs(), spectrum.angle()
        new_amplitude = self.amplitude_gate(self.amplitude(amplitude))
        guide = torch.cat([phase, new_amplitude.to(phase) - amplitude], dim=1)
        new_phase = self.phase_gate(self.phase(guide)).to(wide) * (2 * math.pi) - math.pi
        filtered = torch.polar(new_amplitude.to(wide), new_phase).roll(-shift, dims=-2)
        return torch.fft.irfft2(filtered + self.EPSILON, s=x.shape[-2:]).abs().to(x)
