from __future__ import annotations

import numpy as np
import pytest

from mmirstd.visualization import to_display
from mmirstd.visualization.display import display_range


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_any_depth_uses_the_whole_range(dtype):
    ramp = np.linspace(20, 120, 4096).reshape(64, 64).astype(dtype)
    shown = to_display(ramp)
    assert shown.dtype == np.uint8
    assert shown.shape == (64, 64, 3)
    assert shown.min() == 0
    assert shown.max() == 255
    assert (np.diff(shown[..., 0].ravel().astype(int)) >= 0).all()  # order kept


def test_a_hot_pixel_does_not_darken_the_rest():
    image = np.random.default_rng(0).integers(100, 140, (64, 64)).astype(np.uint16)
    image[0, 0] = 65535
    assert to_display(image)[1:].mean() > 100


def test_a_target_alone_on_flat_background_is_seen():
    image = np.full((128, 128), 7, np.uint16)
    image[5, 5] = 9
    shown = to_display(image)
    assert shown[5, 5, 0] == 255
    assert shown[0, 0, 0] == 0


def test_bad_values_and_constant_images():
    image = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    image[3, 3], image[4, 4], image[5, 5] = np.nan, np.inf, -np.inf
    shown = to_display(image)
    assert shown[3, 3, 0] == shown[4, 4, 0] == shown[5, 5, 0] == 0
    assert shown[9, 9, 0] == 255
    assert len(np.unique(to_display(np.full((4, 4), np.nan)))) == 1


def test_color_images_become_gray():
    gray = np.random.default_rng(0).integers(0, 255, (9, 9)).astype(np.uint8)
    for image in (gray[..., None], np.dstack([gray] * 3), np.dstack([gray] * 3 + [np.full_like(gray, 255)])):
        np.testing.assert_allclose(to_display(image).astype(int), to_display(gray).astype(int), atol=1)


@pytest.mark.parametrize('shape', [(0, 5), (2, 3, 4, 5), (3, 8, 8), (5,)])
def test_not_one_image(shape):
    with pytest.raises(ValueError, match=r'found shape .*'):
        to_display(np.zeros(shape))


@pytest.mark.parametrize('shape', [(1, 1), (1, 2), (3, 5), (64, 65)])
def test_the_range_is_that_of_numpy_percentiles(shape):
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    for percentiles in ((0.2, 99.9), (0, 100), (37.5, 50)):
        low, high = np.percentile(image.astype(np.float64), percentiles)
        expected = (low, high) if high > low else (image.min(), image.max())
        assert display_range(image, percentiles) == pytest.approx(expected, rel=1e-12)
