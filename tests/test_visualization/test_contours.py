from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mmirstd.visualization import draw_contours


@given(hnp.arrays(bool, (12, 15), elements=st.booleans()), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_target_and_far_pixels_are_untouched(mask, thickness):
    image = np.random.default_rng(1).integers(0, 255, (12, 15, 3)).astype(np.uint8)
    before = image.copy()
    drawn = draw_contours(image, mask, (1, 2, 3), thickness)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(drawn[mask], image[mask])
    near = cv2.dilate(mask.astype(np.uint8), np.ones((2 * thickness + 1,) * 2)) > 0
    np.testing.assert_array_equal(drawn[~near], image[~near])
    assert (drawn[near & ~mask] == (1, 2, 3)).all()


@given(hnp.arrays(bool, (12, 15), elements=st.booleans()), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_inside_colors_what_an_erosion_takes(mask, thickness):
    image = np.zeros((12, 15, 3), np.uint8)
    drawn = draw_contours(image, mask, (9, 9, 9), thickness, inside=True)[..., 0] > 0
    kernel = np.ones((2 * thickness + 1,) * 2, np.uint8)
    core = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE) > 0
    np.testing.assert_array_equal(drawn, mask & ~core)


def test_inside_keeps_to_the_border_pixels():
    mask = np.zeros((9, 9), bool)
    mask[2:7, 2:7] = True
    drawn = draw_contours(np.zeros((9, 9, 3), np.uint8), mask, (9, 9, 9), inside=True)[..., 0] > 0
    assert drawn.sum() == 25 - 9
    assert not (drawn & ~mask).any()


def test_shape_mismatch():
    with pytest.raises(ValueError, match='both must be at the native size'):
        draw_contours(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9)), (0, 0, 0))
