"""What all the photometric transforms promise, and what each does."""

from __future__ import annotations

import numpy as np
import pytest
from mmcv.transforms.utils import cache_random_params

import mmirstd.registry  # noqa: F401
from mmirstd.datasets.transforms import (
    RandomBlur,
    RandomBrightnessContrast,
    RandomDefects,
    RandomGain,
    RandomGamma,
    RandomPolarity,
    RandomSensorNoise,
    RandomStripes,
)

ALL = [
    RandomBlur,
    RandomBrightnessContrast,
    RandomDefects,
    RandomGain,
    RandomGamma,
    RandomPolarity,
    RandomSensorNoise,
    RandomStripes,
]
IMAGE = np.random.default_rng(0).random((48, 64)).astype(np.float32)
MASK = np.zeros(IMAGE.shape, np.uint8)
MASK[20:23, 30:34] = 1


def apply(transform, image=IMAGE):
    return transform(dict(img=image, gt_seg_map=MASK))['img']


@pytest.mark.parametrize('kind', ALL)
def test_common_properties(kind):
    before = IMAGE.copy()
    np.random.seed(1)
    out = apply(kind(prob=1.0))
    assert out.dtype == np.float32
    assert out.shape == IMAGE.shape
    assert np.isfinite(out).all()
    assert not np.array_equal(out, IMAGE)
    np.testing.assert_array_equal(IMAGE, before)  # the input, maybe cached, is untouched
    np.testing.assert_array_equal(apply(kind(prob=0.0)), IMAGE)
    np.random.seed(1)
    np.testing.assert_array_equal(apply(kind(prob=1.0)), out)
    transform = kind(prob=1.0)
    with cache_random_params(transform):  # for the frames of a clip
        np.testing.assert_array_equal(apply(transform), apply(transform))
    np.random.seed(0)
    share = np.mean([not np.array_equal(apply(kind(prob=0.3)), IMAGE) for _ in range(300)])
    assert 0.2 < share < 0.4
    assert repr(transform).startswith(f'{kind.__name__}(prob=1.0')


def test_mask_and_noncontiguous_images():
    for kind in ALL:
        mask = MASK.T[::-1]
        results = kind(prob=1.0)(dict(img=IMAGE.T[::-1], gt_seg_map=mask))
        assert results['img'].shape == (64, 48)
        assert results['gt_seg_map'] is mask


def test_brightness_contrast():
    np.random.seed(0)
    only_offset = apply(RandomBrightnessContrast(1.0, brightness=0.2, contrast=0.0)) - IMAGE
    assert np.ptp(only_offset) < 1e-6
    assert 0 < abs(only_offset.mean()) <= 0.2
    only_gain = apply(RandomBrightnessContrast(1.0, brightness=0.0, contrast=0.5))
    assert only_gain.mean() == pytest.approx(IMAGE.mean(), abs=1e-5)
    assert only_gain.std() != pytest.approx(IMAGE.std(), rel=1e-3)


def test_gamma_is_monotone_and_keeps_the_ends():
    np.random.seed(0)
    ramp = np.linspace(0, 1, 50, dtype=np.float32)[None]
    out = apply(RandomGamma(1.0, (0.5, 0.8)), ramp)[0]
    assert (out[0], out[-1]) == (0, 1)
    assert (np.diff(out) > 0).all()
    assert (out[1:-1] > ramp[0, 1:-1]).all()
    assert np.isfinite(apply(RandomGamma(1.0), ramp - 0.5)).all()


def test_noise_has_the_strength_asked_for():
    np.random.seed(0)
    noise = apply(RandomSensorNoise(1.0, (0.05, 0.05)), np.zeros((200, 200), np.float32))
    assert noise.std() == pytest.approx(0.05, rel=0.03)
    assert abs(noise.mean()) < 0.001


@pytest.mark.parametrize(('direction', 'axis'), [('column', 0), ('row', 1)])
def test_stripes_are_constant_along_their_direction(direction, axis):
    np.random.seed(0)
    stripes = apply(RandomStripes(1.0, (0.1, 0.1), direction), np.zeros((300, 300), np.float32))
    assert np.ptp(stripes, axis=axis).max() == 0
    assert stripes.std() == pytest.approx(0.1, rel=0.15)


def test_blur_keeps_energy_and_lowers_the_peak():
    np.random.seed(0)
    point = np.zeros((31, 31), np.float32)
    point[15, 15] = 1
    out = apply(RandomBlur(1.0, (1.0, 1.0)), point)
    assert out.sum() == pytest.approx(1, abs=1e-4)
    assert out.max() == pytest.approx(0.16, abs=0.01)  # as the documentation says


def test_polarity_twice_is_nothing():
    np.testing.assert_allclose(apply(RandomPolarity(1.0), apply(RandomPolarity(1.0))), IMAGE, atol=1e-6)


@pytest.mark.parametrize(
    'build',
    [
        *[lambda kind=kind: kind(prob=1.5) for kind in ALL],
        lambda: RandomBrightnessContrast(contrast=1.0),
        lambda: RandomGamma(gamma=(0, 1)),
        lambda: RandomSensorNoise(sigma=(1, 0)),
        lambda: RandomStripes(direction='up'),
        lambda: RandomBlur(sigma=(0, 1)),
    ],
)
def test_wrong_options(build):
    with pytest.raises(ValueError, match='expected'):
        build()
