"""Tridos's filter of the spectrum beside the figures of the whole network."""

from __future__ import annotations

import pytest
import torch

from mmirstd.models.layers.spectral_filter import SpectralFilter


def make_filter() -> SpectralFilter:
    torch.manual_seed(0)
    return SpectralFilter(4)


@pytest.mark.parametrize('size', [(8, 8), (7, 8), (8, 5), (1, 1)])
def test_the_size_stays(size: tuple[int, int]) -> None:
    x = torch.rand(2, 4, *size, requires_grad=True)
    y = make_filter()(x)
    assert y.shape == x.shape
    y.sum().backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize('height', [6, 7])
def test_rows_of_the_spectrum_go_back_to_their_places(height: int) -> None:
    """With the amplitudes as they are and no phase the result is the circular autocorrelation's root: symmetric."""
    layer = make_filter().double()
    layer.amplitude = layer.amplitude_gate = torch.nn.Identity()
    layer.phase_gate = torch.nn.Identity()
    layer.phase = torch.nn.Sequential()
    layer.phase.forward = lambda guide: torch.full_like(guide[:, :4], 0.5)  # 0.5 * 2 pi - pi = 0
    x = torch.rand(1, 4, height, 8, dtype=torch.float64)
    expected = torch.fft.irfft2(torch.fft.rfft2(x).abs().to(torch.complex128), s=x.shape[-2:]).abs()
    torch.testing.assert_close(layer._filter(x), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize('value', [0.0, 1.0])
def test_a_flat_feature_has_finite_gradients(value: float) -> None:
    x = torch.full((1, 4, 8, 8), value, requires_grad=True)
    make_filter()(x).square().sum().backward()
    assert torch.isfinite(x.grad).all()


def test_mixed_precision_differs_by_its_rounding() -> None:
    """bfloat16 has 8 bits; phases of amplitudes near zero are free, so the mean is what agrees."""
    layer, x = make_filter(), torch.rand(2, 4, 16, 16)
    exact = layer(x)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mixed = layer(x)
    assert (mixed - exact).abs().mean() < 0.05 * exact.abs().mean()
