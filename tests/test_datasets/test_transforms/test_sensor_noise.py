"""White noise that is taken from a table."""

from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.transforms.sensor_noise import TABLE, white_noise


@pytest.mark.parametrize('shape', [(1, 1), (64, 48), (3, 16, 16), (TABLE // 2,), (TABLE // 2 + 1,), (1100, 1000)])
def test_shapes_and_moments_in_and_beyond_the_table(shape: tuple[int, ...]) -> None:
    noise = white_noise(shape, seed=7)
    assert (noise.shape, noise.dtype) == (shape, np.float32)
    assert np.array_equal(noise, white_noise(shape, seed=7))
    error = 5 / np.sqrt(noise.size)  # five standard errors
    assert abs(noise.mean()) < error
    assert noise.size == 1 or abs(noise.std() - 1) < error


def test_images_share_no_pattern() -> None:
    """Over many images a pixel has the moments of white noise, and two pixels do not correlate."""
    seeds = np.random.default_rng(0).integers(2**31, size=4000)
    pixels = np.array([white_noise((2, 2), int(seed)).ravel() for seed in seeds])
    np.testing.assert_allclose(pixels.mean(axis=0), 0, atol=5 / np.sqrt(len(seeds)))
    np.testing.assert_allclose(np.corrcoef(pixels.T), np.eye(4), atol=5 / np.sqrt(len(seeds)))
    np.testing.assert_allclose(pixels.std(axis=0), 1, atol=0.06)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match='read-only'):
        white_noise((4, 4), seed=2)[:] = 0
