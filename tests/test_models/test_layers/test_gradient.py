from __future__ import annotations

import numpy as np
import pytest
import torch

from mmirstd.models.layers import gradient_magnitude, gradient_pyramid


def test_equals_numpy_central_differences_inside() -> None:
    image = np.random.default_rng(0).random((7, 9))
    dy, dx = np.gradient(image)
    ours = gradient_magnitude(torch.from_numpy(image)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(ours[1:-1, 1:-1], np.hypot(dx, dy)[1:-1, 1:-1], rtol=1e-12)


def test_zero_padding_outside() -> None:
    ours = gradient_magnitude(torch.ones(1, 1, 3, 3))[0, 0]
    expected = torch.tensor([[2**-0.5, 0.5, 2**-0.5], [0.5, 0.0, 0.5], [2**-0.5, 0.5, 2**-0.5]])
    torch.testing.assert_close(ours, expected, atol=1e-7, rtol=0)


def test_flat_image_has_a_finite_derivative() -> None:
    image = torch.zeros(1, 1, 5, 5, requires_grad=True)
    gradient_magnitude(image).sum().backward()
    assert torch.isfinite(image.grad).all()


def test_keeps_half_precision_dtype_and_value() -> None:
    image = torch.rand(1, 2, 8, 8)
    half = gradient_magnitude(image.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), gradient_magnitude(image.bfloat16().float()), atol=4e-3, rtol=1e-2)


def test_pyramid_is_repeated_max_pooling() -> None:
    image = torch.rand(2, 1, 16, 16)
    levels = gradient_pyramid(image, 3)
    assert [tuple(level.shape[2:]) for level in levels] == [(16, 16), (8, 8), (4, 4)]
    torch.testing.assert_close(levels[2], torch.nn.functional.max_pool2d(levels[0], 4))


def test_wrong_rank_is_named() -> None:
    with pytest.raises(ValueError, match=r'\(B, C, H, W\)'):
        gradient_magnitude(torch.rand(4, 4))
