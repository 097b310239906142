from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmirstd.datasets.transforms import LoadClip, LoadInfraredImage, load_image
from mmirstd.utils.errors import DataError

CODES8 = np.array([[0, 1, 128, 255]], np.uint8)
CODES16 = np.array([[0, 1, 16383, 65535]], np.uint16)


def load(array, **options):
    return LoadInfraredImage(**options)(dict(img=array, img_path='given.tif'))['img']


@pytest.mark.parametrize(
    ('raw', 'options', 'expected'),
    [
        (CODES8, {}, [[0, 1 / 255, 128 / 255, 1]]),
        (CODES16, {}, [[0, 1 / 65535, 16383 / 65535, 1]]),
        (CODES16[:, :3], dict(bit_depth=14), [[0, 1 / 16383, 1]]),
        (CODES8, dict(bit_depth=14), [[0, 1 / 255, 128 / 255, 1]]),
        (CODES8, dict(max_value=128), [[0, 1 / 128, 1, 255 / 128]]),
        (np.float32([[0, 0.25, 1]]), {}, [[0, 0.25, 1]]),
        (np.float64([[-2, 0, 6]]), dict(normalize='minmax'), [[0, 0.25, 1]]),
        (CODES8, dict(normalize='minmax'), [[0, 1 / 255, 128 / 255, 1]]),
        (np.uint8([[51, 0, 102]]), dict(normalize='maximum'), [[0.5, 0, 1]]),
        (CODES16, dict(normalize='minmax'), [[0, 1 / 65535, 16383 / 65535, 1]]),
        (np.full((2, 2), 77, np.uint8), dict(normalize='minmax'), np.zeros((2, 2))),
        (np.full((2, 2), 77, np.uint8), dict(normalize='percentile'), np.zeros((2, 2))),
    ],
)
def test_normalizations(raw, options, expected):
    image = load(raw, **options)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, expected, atol=1e-7)


def test_percentiles_clip_a_hot_pixel():
    raw = np.tile(np.arange(100, dtype=np.uint16), (100, 1))
    raw[0, 0] = 65535
    image = load(raw, normalize='percentile', percentiles=(1, 99))
    assert (image.min(), image.max()) == (0, 1)
    assert image[50, 50] == pytest.approx(0.5, abs=0.02)


def test_the_two_low_bits_of_16_survive():
    raw = np.array([[30000, 30001, 30002, 30003]], np.uint16)
    assert len(np.unique(load(raw))) == 4


@pytest.mark.parametrize(
    ('raw', 'options', 'message'),
    [
        (CODES16, dict(bit_depth=14), '65535 does not fit bit_depth=14'),
        (np.float32([[0, 300]]), {}, r'values from 0 to 300 \(codes of 10 bits end at 1023\) .*cure: max_value'),
        (np.float32([[0, np.nan], [np.inf, 1]]), {}, "2 of 4 pixels are NaN or infinite.*nonfinite='median'"),
        (np.float32([[np.nan]]), dict(nonfinite='median'), '1 of 1 pixels'),
    ],
)
def test_values_that_do_not_fit(raw, options, message):
    with pytest.raises(DataError, match='(?s)given.tif: .*' + message):
        load(raw, **options)


def test_nonfinite_pixels_can_be_replaced():
    image = load(np.float32([[0, np.nan, 0.5, 1, -np.inf]]), nonfinite='median')
    np.testing.assert_array_equal(image, np.float32([[0, 0.5, 0.5, 1, 0.5]]))


@pytest.mark.parametrize(
    'options',
    [
        dict(normalize='zscore'),
        dict(bit_depth=7),
        dict(bit_depth=17),
        dict(bit_depth='14'),
        dict(max_value=0),
        dict(percentiles=(99, 1)),
        dict(nonfinite='ignore'),
    ],
)
def test_wrong_options(options):
    with pytest.raises(ValueError, match='expected'):
        LoadInfraredImage(**options)


def test_files_and_meta_keys(tmp_path):
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, np.arange(60, dtype=np.uint8).reshape(5, 12))
    results = LoadInfraredImage()(dict(img_path=path))
    assert results['img'].shape == results['img_shape'] == results['ori_shape'] == results['pad_shape'] == (5, 12)


@pytest.mark.parametrize('array', [np.zeros((2, 2), complex), np.zeros((1, 2, 3, 4), np.uint8)])
def test_arrays_that_are_no_image(array):
    with pytest.raises(DataError, match=r'expected (\(H, W\)|integers)'):
        load(array)


def test_color_arrays_become_one_channel():
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(load(np.dstack([gray] * 3)), load(gray))


@pytest.mark.parametrize('loader', [LoadInfraredImage, LoadClip])
def test_the_spelling_before_0_2_is_accepted(loader, caplog):
    with pytest.warns(DeprecationWarning, match=f'{loader.__name__}: normalise is normalize now'):
        old = loader(normalise='minmax')
    assert old.normalize == 'minmax'
    assert repr(old) == repr(loader(normalize='minmax'))
    with pytest.warns(DeprecationWarning, match='normalise is normalize now'):
        assert old.normalise == 'minmax'
    with pytest.warns(DeprecationWarning, match='normalised is normalized now'):
        np.testing.assert_array_equal(old.normalised(CODES8, 'x.png'), load(CODES8, normalize='minmax'))
    with pytest.warns(DeprecationWarning, match='load_image.normalize instead'):
        assert load_image.normalise is load_image.normalize
    with pytest.raises(TypeError, match='normalise is the old name of normalize; both are given'):
        loader(normalise='minmax', normalize='fixed')
