from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.synthetic import Sensor, SensorConfig

QUIET = dict(fpn_mk=(0, 0), column_stripe_mk=(0, 0), row_stripe_mk=(0, 0), vignetting_prob=0.0)


def make(shape=(128, 128), seed=0, **values):
    return Sensor.draw(SensorConfig(**values), shape, np.random.default_rng(seed))


def test_noise_is_the_netd_times_the_gain():
    sensor = make(netd_mk=(50, 50), min_span_k=10.0, **QUIET)
    signal = sensor.expose_to(np.zeros((128, 128), np.float32))
    assert sensor.gain == pytest.approx(1 / 10)
    noisy = sensor.noise(signal, np.random.default_rng(1))
    assert (noisy - signal).std() == pytest.approx(0.05 / 10, rel=0.03)
    assert (noisy - signal).mean() == pytest.approx(0, abs=2e-4)


def test_gain_stretches_the_scene_to_the_fill():
    scene = np.linspace(-20, 20, 128, dtype=np.float32)[None].repeat(128, 0)
    sensor = make(fill=(0.6, 0.6), level=(0.4, 0.4), **QUIET)
    signal = sensor.expose_to(scene)
    low, high = np.quantile(signal, (0.01, 0.99))
    assert high - low == pytest.approx(0.6, abs=0.02)
    assert (high + low) / 2 == pytest.approx(0.4, abs=0.02)


def test_pattern_and_stripes_stay_while_noise_changes():
    sensor = make(fpn_mk=(30, 30), column_stripe_mk=(40, 40), row_stripe_mk=(20, 20), netd_mk=(10, 10))
    signal = sensor.expose_to(np.zeros((128, 128), np.float32))
    frames = np.stack([sensor.noise(signal, np.random.default_rng(k)) for k in range(64)])
    fixed = frames.mean(0) - signal
    assert frames.std(0, ddof=1).mean() == pytest.approx(0.010 * sensor.gain, rel=0.05)
    columns, rows = fixed.mean(0), fixed.mean(1)
    assert columns.std() == pytest.approx(0.040 * sensor.gain, rel=0.2)
    assert rows.std() == pytest.approx(0.020 * sensor.gain, rel=0.2)
    rest = fixed - columns[None] - rows[:, None]
    assert rest.std() == pytest.approx(0.030 * sensor.gain, rel=0.1)


@pytest.mark.parametrize(('depth', 'dtype', 'top'), [(8, np.uint8, 255), (14, np.uint16, 16383)])
def test_quantization_uses_the_full_scale_and_clips(depth, dtype, top):
    sensor = make(bit_depth=depth)
    counts = sensor.quantize(np.array([[-0.5, 0.0, 0.5, 1.0, 1.7]], np.float32))
    assert counts.dtype == dtype
    assert counts.tolist()[0][:2] == [0, 0]
    assert abs(counts[0, 2] - top / 2) <= 0.5
    assert counts.tolist()[0][3:] == [top, top]


def test_black_hot_is_the_negative():
    signal = np.random.default_rng(0).uniform(-0.1, 1.1, (32, 32)).astype(np.float32)
    white, black = (make(polarity=p).quantize(signal) for p in ('white-hot', 'black-hot'))
    assert np.abs(white.astype(int) + black - 255).max() <= 1


def test_random_polarity_draws_both():
    assert {make(shape=(32, 32), seed=s, polarity='random').inverted for s in range(20)} == {False, True}


def test_vignetting_darkens_corners_most():
    sensor = make(vignetting=(0.2, 0.2), vignetting_prob=1.0)
    assert sensor.shading[0, 0] == pytest.approx(0.2, abs=1e-6)
    assert sensor.shading[64, 64] < 0.001


def test_optics_spread_a_point_by_the_psf():
    sensor = make(psf_sigma=(0.8, 0.8))
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 1
    blurred = sensor.optics(point)
    x = np.arange(41) - 20
    assert blurred.sum() == pytest.approx(1, abs=1e-4)
    assert (blurred.sum(0) * x**2).sum() == pytest.approx(0.8**2, rel=0.05)


def test_the_old_name_of_quantize():
    sensor, signal = make(), np.array([[0.0, 0.5]], np.float32)
    with pytest.warns(DeprecationWarning, match='Sensor.quantise is quantize now'):
        np.testing.assert_array_equal(sensor.quantise(signal), sensor.quantize(signal))
