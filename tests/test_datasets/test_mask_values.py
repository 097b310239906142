from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmirstd.datasets.image_io import read_mask, read_raw_mask
from mmirstd.datasets.mask_values import check_mask_rule, describe_mask, target_pixels
from mmirstd.utils.errors import DataError

from .helpers import write

TARGETS = np.zeros((24, 30), np.uint8)  # two targets, 6 and 4 pixels
TARGETS[3:6, 4:6] = 1
TARGETS[15:17, 20:22] = 2
BINARY = (TARGETS > 0).astype(np.uint8)


def soft(peak: int = 255) -> np.ndarray:
    """Targets with a falling edge, levels 0 to ``peak``."""
    blurred = cv2.GaussianBlur(cv2.resize(BINARY.astype(np.float32), None, fx=4, fy=4), (0, 0), 3)
    return np.round(blurred / blurred.max() * peak).astype(np.uint8)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize('value', [1, 2, 38, 100, 128, 254, 255])
def test_of_two_values_the_other_than_zero_is_target(value, dtype):
    raw = (BINARY * np.array(value, dtype)).astype(dtype)
    kind = describe_mask(raw)
    assert kind.kind == ('binary' if value in (1, 255) else 'one value')
    assert kind.problem is None
    assert kind.values == (0, value)
    np.testing.assert_array_equal(target_pixels(raw, kind.rule), BINARY)


@pytest.mark.parametrize('table', [(0, 1, 2), (0, 7, 3), (0, 40, 200), (0, 200, 40), (0, 1, 300), (0, 85, 170)])
def test_instance_numbers_and_classes_are_all_targets(table):
    raw = np.array(table, np.uint16)[TARGETS]
    kind = describe_mask(raw)
    assert (kind.kind, kind.problem) == ('labels', None)
    np.testing.assert_array_equal(target_pixels(raw, kind.rule), BINARY)


def test_touching_instances_are_labels_too():
    raw = np.zeros((9, 9), np.uint8)
    raw[2:5, 2:4], raw[2:5, 4:6] = 1, 2
    assert describe_mask(raw).kind == 'labels'


@pytest.mark.parametrize('table', [(1, 2, 2), (1, 2, 3), (1, 255, 255), (16, 235, 235)])
def test_without_zero_the_least_value_is_background(table):
    raw = np.array(table, np.uint8)[TARGETS]
    kind = describe_mask(raw)
    assert (kind.kind, kind.rule, kind.problem) == ('offset', tuple(sorted(set(table[1:]))), None)
    np.testing.assert_array_equal(target_pixels(raw, kind.rule), BINARY)


def test_gray_levels_are_cut_at_half():
    raw = soft()
    kind = describe_mask(raw)
    assert (kind.kind, kind.rule, kind.problem, kind.lost_parts) == ('soft', 'above_half', None, 0)
    assert kind.num_values > 20
    np.testing.assert_array_equal(target_pixels(raw, kind.rule), raw > 127)


def test_few_levels_around_a_target_are_a_soft_edge_and_not_labels():
    raw = BINARY * np.uint8(255)
    raw[2, 4:6], raw[6, 4:6] = 64, 128
    kind = describe_mask(raw)
    assert kind.kind == 'soft'
    np.testing.assert_array_equal(target_pixels(raw, kind.rule), raw > 127)


def test_gray_levels_that_stay_below_half_are_no_empty_mask():
    kind = describe_mask(soft(peak=90))
    assert kind.rule == 'above_half'
    assert "mask_rule='nonzero'" in kind.problem


def test_parts_that_fall_away_are_counted():
    raw = soft()
    raw[:40, :40] //= 3  # the first target loses its pixels above half
    kind = describe_mask(raw)
    assert (kind.lost_parts, kind.problem) == (1, None)


def test_lossy_masks_are_held_against_255_and_noise_is_no_target():
    noise = np.zeros((16, 16), np.uint8)
    noise[3:8, 3:8] = np.arange(25).reshape(5, 5) % 6
    kind = describe_mask(noise, lossy=True)
    assert (kind.kind, kind.target_share, kind.problem) == ('soft', 0, None)
    assert describe_mask(BINARY * np.uint8(38), lossy=True).problem  # too much for noise


def test_alpha_of_a_plain_picture_is_the_mask():
    for color in (255, 0):
        raw = np.full((*BINARY.shape, 4), color, np.uint8)
        raw[..., 3] = BINARY * 255
        kind = describe_mask(raw)
        assert (kind.kind, kind.rule, kind.values, kind.problem) == ('alpha', 'alpha', (0, 255), None)
        np.testing.assert_array_equal(target_pixels(raw, 'alpha'), BINARY)
    raw[..., :3] = BINARY[..., None] * 255
    raw[..., 3] = 255
    assert describe_mask(raw).kind == 'binary'  # opaque: alpha says nothing
    with pytest.raises(ValueError, match='no alpha channel'):
        target_pixels(BINARY, 'alpha')


@pytest.mark.parametrize(
    ('raw', 'cure'),
    [
        (255 - BINARY * 255, "'zero'"),
        (np.where(BINARY, 1, 2), 'mask_rule=1'),
        (np.ones((5, 5)), 'mask_rule=2'),
        (np.full((5, 5), 255), "mask_rule='nonzero'"),
        (np.array([0, 1, 255])[TARGETS], 'mask_rule=1'),
    ],
)
def test_what_is_not_clear_is_a_problem_with_a_cure(raw, cure):
    assert cure in describe_mask(raw.astype(np.uint8)).problem


def test_empty():
    kind = describe_mask(np.zeros((4, 5), np.uint8))
    assert (kind.kind, kind.target_share, kind.problem, str(kind)) == ('empty', 0, None, 'empty: values 0')


@pytest.mark.parametrize(
    ('rule', 'expected'),
    [
        ('nonzero', [0, 1, 1, 1]),
        ('zero', [1, 0, 0, 0]),
        ('above_half', [0, 0, 0, 1]),
        ((2,), [0, 0, 1, 0]),
        ((1, 2), [0, 1, 1, 0]),
    ],
)
def test_explicit_rules(rule, expected):
    assert target_pixels(np.array([[0, 1, 2, 200]], np.uint8), check_mask_rule(rule)).tolist() == [expected]


@pytest.mark.parametrize('rule', ['half', -1, [], [0.5], True, ['1'], None])
def test_wrong_rules_are_refused(rule):
    with pytest.raises(ValueError, match='mask_rule is'):
        check_mask_rule(rule)


@given(st.integers(1, 255), st.integers(1, 255), st.integers(0, 2**32 - 1))
def test_no_target_is_lost_when_each_has_one_value(first, second, seed):
    """Except that 255 beside small numbers may mean "ignore", which is an error."""
    rng = np.random.default_rng(seed)
    raw = np.zeros((20, 20), np.uint8)
    y, x = rng.integers(0, 8, 2)
    raw[y : y + 2, x : x + 2] = first
    y, x = rng.integers(12, 18, 2)
    raw[y : y + 2, x : x + 2] = second
    kind = describe_mask(raw)
    if kind.problem is None:
        np.testing.assert_array_equal(target_pixels(raw, kind.rule), raw > 0)
    else:
        assert kind.kind == 'ignore'
        assert {first, second} == {1, 255}


def palette_png(path, indices: np.ndarray, colors: list[int]):
    image = Image.fromarray(indices)
    image.putpalette(colors)
    image.save(path)
    return path


def test_a_color_palette_is_read_by_its_indices(tmp_path):
    # The first color is the background whatever it looks like.
    path = palette_png(tmp_path / 'a.png', TARGETS, [255, 255, 255, 64, 0, 0, 0, 10, 0])
    np.testing.assert_array_equal(read_raw_mask(path)[0], TARGETS)
    np.testing.assert_array_equal(read_mask(path), BINARY)


def test_a_gray_palette_is_read_by_its_levels(tmp_path):
    path = palette_png(tmp_path / 'a.png', BINARY, [255] * 3 + [0] * 3)  # 0 is shown white
    with pytest.raises(DataError, match="mask_rule='zero'"):
        read_mask(path)
    np.testing.assert_array_equal(read_mask(path, 'zero'), BINARY)


def test_read_mask_names_the_file_and_the_option(tmp_path):
    path = write(tmp_path / 'inverted.png', 255 - BINARY * 255)
    with pytest.raises(DataError, match=r'inverted\.png: 98\.6% .*--cfg-options mask_rule='):
        read_mask(path)
    np.testing.assert_array_equal(read_mask(path, 'zero'), BINARY)
    with pytest.raises(DataError, match=r'inverted\.png: .*no alpha'):
        read_mask(path, 'alpha')
