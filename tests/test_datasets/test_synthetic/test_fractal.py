from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.synthetic.fractal import fractal_field, fractal_line, smoothstep, warp


@pytest.mark.parametrize('beta', [1.0, 2.0, 3.0])
def test_spectrum_falls_with_beta(beta):
    size = 256
    power = np.zeros((size, size // 2 + 1))
    for seed in range(4):
        field = fractal_field((size, size), beta, np.random.default_rng(seed), periodic=True)
        power += np.abs(np.fft.rfft2(field)) ** 2
    radius = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    ring = (radius > 0.01) & (radius < 0.4)
    slope = np.polyfit(np.log(radius[ring]), np.log(power[ring]), 1)[0]
    assert slope == pytest.approx(-beta, abs=0.1)


@pytest.mark.parametrize('shape', [(32, 32), (33, 71), (100, 257)])
def test_normalized_whatever_the_shape(shape):
    field = fractal_field(shape, 2.5, np.random.default_rng(0), stretch=3.0, angle=30)
    assert field.shape == shape
    assert field.dtype == np.float32
    assert field.mean() == pytest.approx(0, abs=1e-4)
    assert field.std() == pytest.approx(1, abs=1e-3)


def test_stretch_makes_structures_long_along_its_angle():
    field = fractal_field((256, 256), 2.5, np.random.default_rng(1), stretch=6.0, angle=0)
    assert np.abs(np.diff(field, axis=1)).mean() < 0.6 * np.abs(np.diff(field, axis=0)).mean()


def test_periodic_tile_fits_to_itself():
    inner, seam = [], []
    for seed in range(5):
        tile = fractal_field((128, 128), 3.0, np.random.default_rng(seed), periodic=True)
        inner.append(np.abs(np.diff(tile, axis=1)).mean())
        seam.append(np.abs(tile[:, 0] - tile[:, -1]).mean())
    assert np.mean(seam) == pytest.approx(np.mean(inner), rel=0.25)


def test_line_is_normalized():
    line = fractal_line(500, 2.0, np.random.default_rng(2))
    assert line.shape == (500,)
    assert line.std() == pytest.approx(1, abs=1e-3)


def test_warp_of_nothing_and_of_a_constant():
    rng = np.random.default_rng(3)
    field = fractal_field((40, 50), 2.0, rng)
    np.testing.assert_allclose(warp(field, 0.0, rng), field, atol=1e-5)
    np.testing.assert_allclose(warp(np.full((40, 50), 2.5, np.float32), 5.0, rng), 2.5)


def test_smoothstep_ends():
    np.testing.assert_allclose(smoothstep(np.array([-1.0, 0, 0.5, 1, 2]), 0, 1), [0, 0, 0.5, 1, 1])
