from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmirstd.models.layers import DeformConv2dPack, deform_conv2d

pytestmark = pytest.mark.usefixtures('float64')


@pytest.mark.parametrize('kernel', [(1, 3), (3, 1), (3, 3)])
def test_without_offsets_it_is_a_convolution(kernel: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = DeformConv2dPack(4, 6, kernel).double()
    x = torch.randn(2, 4, 7, 9, dtype=torch.float64)
    torch.testing.assert_close(layer(x), layer.conv(x))


def test_offsets_move_the_places_it_reads() -> None:
    x = torch.randn(1, 2, 6, 8, dtype=torch.float64)
    weight = torch.ones(1, 2, 1, 1, dtype=torch.float64)
    offset = torch.zeros(1, 2, 6, 8, dtype=torch.float64)
    offset[:, 0] = 1.0
    offset[:, 1] = -2.5
    # One row down, two and a half columns to the left: between two pixels, 0 outside.
    padded = F.pad(x.sum(1, keepdim=True), (3, 0, 0, 1))
    expected = 0.5 * (padded[..., 1:, :8] + padded[..., 1:, 1:9])
    torch.testing.assert_close(deform_conv2d(x, offset, weight, None, (0, 0)), expected)


def test_rows_of_the_kernel_come_first_in_the_offsets() -> None:
    x = torch.randn(1, 1, 5, 5, dtype=torch.float64)
    weight = torch.zeros(1, 1, 3, 1, dtype=torch.float64)
    weight[0, 0, 2] = 1.0
    offset = torch.zeros(1, 6, 5, 5, dtype=torch.float64)
    offset[:, 4] = -1.0  # the third row's row offset undoes its place below the center
    torch.testing.assert_close(deform_conv2d(x, offset, weight, None, (1, 0)), x)


def test_a_single_column() -> None:
    layer = DeformConv2dPack(1, 1, (3, 1)).double()
    x = torch.randn(1, 1, 5, 1, dtype=torch.float64)
    torch.testing.assert_close(layer(x), layer.conv(x))


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_in_16_bits_it_still_finds_the_pixels(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 1, 4, 600, dtype=torch.float32, generator=generator).to(dtype)
    offset, weight = torch.zeros(1, 2, 4, 600, dtype=dtype), torch.ones(1, 1, 1, 1, dtype=dtype)
    found = deform_conv2d(x, offset, weight, None, (0, 0))
    assert found.dtype == dtype
    # values below 1, of which bfloat16 keeps steps of 1 / 256
    torch.testing.assert_close(found.float(), x.float(), rtol=0, atol=2**-8)
