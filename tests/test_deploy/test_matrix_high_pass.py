"""HDNet's filter without Fourier transforms."""

from __future__ import annotations

import pytest
import torch

from mmirstd.deploy.spectral_matrices import MatrixHighPass
from mmirstd.models.layers import DynamicHighPass, dynamic_high_pass, frequency_rings


def images(*size: int) -> torch.Tensor:
    """Smooth ones, whose energy is at low frequencies, and one of noise."""
    noise = torch.randn(3, 1, *size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    noise[:2] = torch.nn.functional.avg_pool2d(noise[:2], 3, stride=1, padding=1)
    noise[1] += 0.1
    return noise


@pytest.mark.parametrize('symmetric', [False, True])
@pytest.mark.parametrize('share', [0.1, 0.4, 0.8])
@pytest.mark.parametrize('size', [(32, 32), (24, 40), (33, 21), (16, 47)])
def test_the_filter_s_own_results(size: tuple[int, int], share: float, symmetric: bool) -> None:
    """In float64; even and odd sides, each image with its own cutoff."""
    x = images(*size)
    layer = DynamicHighPass(symmetric)
    torch.testing.assert_close(MatrixHighPass(layer)(x, share), layer(x, share), rtol=0, atol=1e-12)


def test_no_block_is_large_enough() -> None:
    """Then block 5 goes, which is smaller than the largest."""
    x = images(32, 40)[2:]
    found = MatrixHighPass(DynamicHighPass())(x, 0.99)
    kept = frequency_rings(32, 40, symmetric=False, device=x.device) > 5
    torch.testing.assert_close(found, torch.fft.ifft2(torch.fft.fft2(x) * kept).abs(), rtol=0, atol=1e-12)
    torch.testing.assert_close(found, dynamic_high_pass(x, 0.99), rtol=0, atol=1e-12)
