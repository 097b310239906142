"""Predictions of other programs: images, NumPy's and MATLAB's files, and what their values mean."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy import sparse
from scipy.io import savemat

from mmirstd.evaluation.prediction_files import ScaleFinder, read_map, read_truth
from mmirstd.utils.errors import DataError, MissingDataError


@pytest.fixture
def ramp() -> np.ndarray:
    return np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def scale_of(*maps: np.ndarray, asked: str | float = 'auto'):
    finder = ScaleFinder()
    for number, stored in enumerate(maps):
        finder.add(stored, f'{number}.png')
    return finder.scale(asked)


def test_every_kind_of_file_gives_the_same_map(tmp_path: Path, ramp) -> None:
    cv2.imwrite(str(tmp_path / 'gray.png'), ramp)
    cv2.imwrite(str(tmp_path / 'equal.png'), np.dstack([ramp] * 3))
    cv2.imwrite(str(tmp_path / 'alpha.png'), np.dstack([ramp] * 3 + [np.full_like(ramp, 255)]))
    np.save(tmp_path / 'a.npy', ramp)
    np.save(tmp_path / 'batch.npy', ramp[None, None])
    np.savez(tmp_path / 'a.npz', ramp)
    savemat(tmp_path / 'a.mat', dict(map=ramp, seconds=1.5, name='Misc_1'))
    savemat(tmp_path / 'packed.mat', dict(map=ramp[..., None]), do_compression=True)
    savemat(tmp_path / 'sparse.mat', dict(map=sparse.csc_matrix(ramp.astype(float))))
    savemat(tmp_path / 'two.mat', dict(map=ramp, raw=ramp * 2))
    for path in tmp_path.iterdir():
        found = read_map(path, 'map' if path.name == 'two.mat' else None)
        assert found.shape == (6, 8), path
        assert np.array_equal(found, ramp), path
    assert read_map(tmp_path / 'gray.png').dtype == np.uint8
    assert read_map(tmp_path / 'sparse.mat').dtype == np.float64


def test_sixteen_bits_stay(tmp_path: Path, ramp) -> None:
    deep = ramp.astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / 'a.png'), deep)
    assert np.array_equal(read_map(tmp_path / 'a.png'), deep)


def test_files_that_hold_no_map(tmp_path: Path, ramp) -> None:
    cv2.imwrite(str(tmp_path / 'jet.png'), cv2.applyColorMap(ramp, cv2.COLORMAP_JET))
    np.save(tmp_path / 'stack.npy', np.zeros((2, 6, 8)))
    np.save(tmp_path / 'text.npy', np.array([['a', 'b'], ['c', 'd']]))
    np.save(tmp_path / 'object.npy', np.array([dict()], dtype=object), allow_pickle=True)
    savemat(tmp_path / 'two.mat', dict(map=ramp, raw=ramp * 2))
    savemat(tmp_path / 'none.mat', dict(name='Misc_1', stack=np.zeros((3, 6, 8))))
    (tmp_path / 'cut.mat').write_bytes((tmp_path / 'two.mat').read_bytes()[:150])
    (tmp_path / 'v73.mat').write_bytes(b'MATLAB 7.3 MAT-file'.ljust(124) + b'\x00\x02IM' + b'\x89HDF\r\n\x1a\n')
    (tmp_path / 'empty.npy').touch()
    for name, message in (
        ('jet.png', 'picture in colors'),
        ('stack.npy', r'\(2, 6, 8\).*one map'),
        ('text.npy', 'expected numbers'),
        ('object.npy', 'not an array that can be read'),
        ('two.mat', r'several maps: it holds map \(6, 8\), raw \(6, 8\)(.|\n)*--variable map'),
        ('none.mat', r'no map: it holds name \(1,\), stack \(3, 6, 8\)'),
        ('cut.mat', 'not an array that can be read'),
        ('v73.mat', "version 7.3(.|\n)*'-v7'"),
        ('empty.npy', 'not an array that can be read'),
    ):
        with pytest.raises(DataError, match=f'{name}: .*{message}'):
            read_map(tmp_path / name)
    with pytest.raises(DataError, match="no variable 'mask'; it holds map, raw"):
        read_map(tmp_path / 'two.mat', 'mask')
    for name in ('gone.mat', 'gone.png'):
        with pytest.raises(MissingDataError, match='no such file'):
            read_map(tmp_path / name)


def test_truth_is_read_by_the_rules_of_masks(tmp_path: Path) -> None:
    mask = np.zeros((20, 20), bool)
    mask[4:6, 4:7] = True
    np.save(tmp_path / 'bool.npy', mask)
    savemat(tmp_path / 'a.mat', dict(gt=mask * 255.0))
    cv2.imwrite(str(tmp_path / 'a.png'), mask.astype(np.uint8) * 38)
    cv2.imwrite(str(tmp_path / 'inverted.png'), (~mask).astype(np.uint8) * 255)
    for name in ('bool.npy', 'a.mat', 'a.png'):
        assert np.array_equal(read_truth(tmp_path / name), mask), name
    assert np.array_equal(read_truth(tmp_path / 'inverted.png', 'zero'), mask)
    with pytest.raises(DataError, match='covers most of the image(.|\n)*--mask-rule') as caught:
        read_truth(tmp_path / 'inverted.png')
    assert '--cfg-options' not in str(caught.value)


@pytest.mark.parametrize('largest', [1, 255, 65535])
def test_masks(largest: int) -> None:
    empty, one = np.zeros((4, 4), np.uint16), np.eye(4, dtype=np.uint16) * np.uint16(largest)
    scale = scale_of(empty, one)
    assert scale.masks
    assert np.array_equal(scale.probability(one), np.eye(4))
    assert np.array_equal(scale.probability(empty), empty)


def test_logical_and_empty_masks() -> None:
    assert np.array_equal(scale_of(np.eye(3, dtype=bool)).probability(np.eye(3, dtype=bool)), np.eye(3))
    empty = np.zeros((3, 3), np.uint8)
    assert np.array_equal(scale_of(empty).probability(empty), empty)


def test_all_files_tell_what_one_does_not() -> None:
    """A map that holds 0 and 1 only, of codes up to 255, is no mask."""
    faint, bright = np.eye(3, dtype=np.uint8), np.arange(9, dtype=np.uint8).reshape(3, 3) * 30
    scale = scale_of(faint, bright)
    assert not scale.masks
    assert scale.probability(faint).max() == np.float32(1 / 255)


@pytest.mark.parametrize(
    ('stored', 'expected'),
    [
        (np.array([[0, 51, 255]], np.uint8), [[0, 0.2, 1]]),
        (np.array([[0, 13107, 65535]], np.uint16), [[0, 0.2, 1]]),
        (np.array([[0, 0.2, 1]], np.float32), [[0, 0.2, 1]]),
        (np.array([[0.0, 51, 255]]), [[0, 0.2, 1]]),
        (np.array([[0, 51, 204]], np.int64), [[0, 0.2, 0.8]]),
    ],
)
def test_codes(stored: np.ndarray, expected: list) -> None:
    scale = scale_of(stored)
    assert not scale.masks
    assert np.array_equal(scale.probability(stored), np.array(expected, np.float32))


@pytest.mark.parametrize(
    ('stored', 'cure'),
    [
        (np.array([[0, 38, 38]], np.uint8), '38 if they are masks'),
        (np.array([[0, 1, 2, 3]], np.uint8), '255 or 65535'),  # numbered targets, no maps
        (np.array([[0, 9, 200]], np.uint16), '255 or 65535'),
        (np.array([[0, 900, 16383]], np.uint16), '255 or 65535'),
        (np.array([[-9.5, 0.1, 7]]), 'logit'),
        (np.array([[0, 0.5, 12.25]]), 'max if they are responses'),
    ],
)
def test_values_that_do_not_tell(stored: np.ndarray, cure: str) -> None:
    with pytest.raises(DataError, match=f'--scale: .*{cure}'):
        scale_of(stored)
    assert scale_of(stored, asked='max').probability(stored).max() == 1


def test_asked_scales() -> None:
    stored = np.array([[-2.0, 0.0, 4.0]])
    logistic = 1 / (1 + np.exp(-stored))
    assert np.allclose(scale_of(stored, asked='logit').probability(stored), logistic, rtol=1e-6)
    assert np.array_equal(scale_of(stored, asked='max').probability(stored), [[0, 0, 1]])
    assert np.array_equal(scale_of(stored, asked=4.0).probability(np.array([[0, 1.0]])), [[0, 0.25]])
    with pytest.raises(DataError, match=r'a.npy: values from -2 to 4; expected 0 to 4'):
        scale_of(stored, asked=4.0).probability(stored, 'a.npy')
    empty = np.zeros((2, 2))
    assert np.array_equal(scale_of(empty, asked='max').probability(empty), empty)


def test_what_cannot_be_evaluated() -> None:
    with pytest.raises(DataError, match='0.png: 1 of its 2 values are NaN or infinite'):
        scale_of(np.array([[0.5, np.nan]]))
    with pytest.raises(DataError, match='1.png holds uint16 and 0.png uint8'):
        scale_of(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint16))
    assert not scale_of(np.array([[0.5]], np.float32), np.array([[0.25]])).masks
