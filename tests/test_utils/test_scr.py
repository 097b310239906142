from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.evaluation.functional import label_components
from mmirstd.utils.scr import ROUNDING_SIGMA, labeled_scr, local_scr, neighborhood


def checkerboard(low, high, shape=(101, 101)):
    y, x = np.indices(shape)
    return np.where((x + y) % 2, high, low).astype(float)


def test_by_hand():
    image = checkerboard(90, 110)  # mean 100, standard deviation 10
    mask = np.zeros(image.shape, np.uint8)
    mask[50:52, 50:52] = 1
    image[50:52, 50:52] = [[140, 150], [150, 160]]
    stats = local_scr(image, mask)
    assert stats.background_mean == pytest.approx(100, abs=0.1)
    assert stats.background_sigma == pytest.approx(10, rel=1e-3)
    assert stats.target_mean == 150
    assert stats.peak == 160
    assert stats.scr == pytest.approx(5, rel=2e-3)


def test_neighborhood_is_the_box_grown_by_20_without_the_guard():
    mask = np.zeros((101, 101), np.uint8)
    mask[50:53, 40:42] = 1
    window, free = neighborhood(mask)
    assert window == (slice(30, 73), slice(20, 62))
    assert free.size - free.sum() == (3 + 8) * (2 + 8)


def test_other_targets_are_left_out_even_from_outside_the_window():
    image = np.full((101, 101), 100.0)
    mask, everything = np.zeros((2, 101, 101), np.uint8)
    mask[50, 50] = everything[50, 50] = 1
    everything[50, 60] = everything[50, 73] = 1
    image[50, 60] = image[50, 71] = 5000  # a neighbor, and the tail of one that is beyond the window
    image[50, 50] = 120
    stats = local_scr(image, mask, everything)
    assert stats.background_mean == 100
    assert local_scr(image, mask).background_mean > 100


def test_flat_neighborhood_has_the_noise_of_rounding():
    image = np.full((64, 64), 100, np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    image[30, 30], mask[30, 30] = 101, 1
    assert local_scr(image, mask).scr == pytest.approx(1 / ROUNDING_SIGMA)


def test_dark_targets_and_unsigned_images():
    image = checkerboard(90, 110).astype(np.uint16)
    mask = np.zeros(image.shape, np.uint8)
    image[50, 50], mask[50, 50] = 20, 255
    stats = local_scr(image, mask)
    assert stats.scr == pytest.approx(8, rel=0.01)
    assert stats.peak == 20


def test_crowded_image_still_has_a_value():
    image = np.arange(32 * 32, dtype=float).reshape(32, 32)
    mask = np.zeros((32, 32), np.uint8)
    mask[10, 10] = 1
    assert np.isfinite(local_scr(image, mask, np.ones_like(mask)).scr)
    assert local_scr(image, np.ones_like(mask)).scr == 0


def test_bad_masks():
    image = np.zeros((32, 32))
    with pytest.raises(ValueError, match='empty mask'):
        local_scr(image, np.zeros((32, 32), np.uint8))
    with pytest.raises(ValueError, match='differ in shape'):
        local_scr(image, np.ones((32, 31), np.uint8))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    gain=st.floats(0.5, 50),
    offset=st.floats(-1000, 1000),
    turns=st.integers(0, 3),
    flip=st.booleans(),
)
def test_does_not_depend_on_gain_offset_or_orientation(seed, gain, offset, turns, flip):
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 10, (48, 64))
    mask = np.zeros((48, 64), np.uint8)
    y, x = rng.integers(0, 44), rng.integers(0, 60)
    mask[y : y + 3, x : x + 2] = 1

    def change(array):
        turned = np.rot90(array, turns)
        return np.ascontiguousarray(turned[:, ::-1] if flip else turned)

    expected = local_scr(image, mask).scr
    assert local_scr(change(-gain * image + offset), change(mask)).scr == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_the_floor_of_sigma():
    mask = np.zeros((64, 64), np.uint8)
    mask[30, 30] = 1
    image = np.full((64, 64), 100.0)
    image[30, 30] = 103
    assert np.isnan(local_scr(image, mask).scr)  # floats: no rounding is known of
    assert local_scr(image, mask, floor=0.5).scr == pytest.approx(6)
    assert local_scr(image.astype(np.uint16), mask).scr == pytest.approx(3 / ROUNDING_SIGMA)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), radius=st.integers(1, 30), guard=st.integers(0, 6))
def test_all_targets_of_an_image_at_once_are_each_beside_the_others(seed, radius, guard):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 4000, (40, 50)).astype(np.uint16)
    mask = (rng.random((40, 50)) < 0.02).astype(np.uint8)
    components = label_components(mask)
    labels = np.zeros(mask.shape, np.int32)
    components.crop(labels)[...] = components.labels
    one_by_one = [local_scr(image, labels == k + 1, mask, radius, guard).scr for k in range(len(components))]
    np.testing.assert_array_equal(labeled_scr(image, labels, components.boxes, radius, guard), one_by_one)
