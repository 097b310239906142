from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmirstd.datasets.labels.outlines import outlines
from mmirstd.datasets.labels.shapes import Box, Mask, Point, Polygon, cut, filled, mask_of, scale, soft_spot
from mmirstd.utils.components import label_components
from tests.test_datasets.test_labels.strategies import HEIGHT, WIDTH, boxes, canvas, masks


@given(masks())
def test_outlines_filled_are_the_mask(mask: Mask) -> None:
    outer, holes = outlines(mask)
    full = canvas(mask)
    assert len(outer) == len(label_components(full))
    inside = canvas(filled(Polygon(tuple(outer)), HEIGHT, WIDTH))
    for hole in holes:
        inside &= ~canvas(filled(Polygon((hole,)), HEIGHT, WIDTH))
    np.testing.assert_array_equal(inside, full)
    corners = np.concatenate(outer)
    assert (*corners.min(axis=0), *corners.max(axis=0)) == mask.bounds


def test_outlines_of_the_smallest_targets() -> None:
    (ring,), holes = outlines(Mask(3, 5, np.ones((1, 1), bool)))
    assert ring.tolist() == [[3, 5], [4, 5], [4, 6], [3, 6]]
    assert not holes
    diagonal, _ = outlines(Mask(0, 0, np.eye(2, dtype=bool)))
    assert len(diagonal) == 1  # 8-connected: one target


@given(boxes(), st.sampled_from(['ellipse', 'box']))
def test_a_box_has_a_pixel_at_least_and_none_outside(box: Box, fill: str) -> None:
    found = filled(box, HEIGHT, WIDTH, fill == 'ellipse')
    assert found is not None
    assert found.pixels.any()
    x1, y1, x2, y2 = found.bounds
    assert x1 > box.x1 - 1
    assert y1 > box.y1 - 1
    assert x2 < box.x2 + 1
    assert y2 < box.y2 + 1


@given(st.integers(0, 20), st.integers(0, 12), st.integers(1, 20), st.integers(1, 12))
def test_whole_pixels_are_filled_exactly(x: int, y: int, width: int, height: int) -> None:
    box = filled(Box(x, y, x + width, y + height), HEIGHT, WIDTH, ellipse=False)
    ellipse = filled(Box(x, y, x + width, y + height), HEIGHT, WIDTH)
    assert box is not None
    assert ellipse is not None
    assert box.pixels.all()
    assert box.bounds == ellipse.bounds == (x, y, x + width, y + height)
    # By Gauss's circle bound, the pixels of an ellipse differ from its area by less than its circumference.
    assert abs(int(ellipse.pixels.sum()) - np.pi / 4 * width * height) <= 2 * (width + height)


@given(boxes())
def test_half_of_a_soft_spot_is_the_ellipse(box: Box) -> None:
    left, top, values = soft_spot(box, HEIGHT, WIDTH)
    codes = np.zeros((HEIGHT, WIDTH))
    codes[top : top + values.shape[0], left : left + values.shape[1]] = np.rint(values * 255)
    np.testing.assert_array_equal(codes > 127.5, canvas(filled(box, HEIGHT, WIDTH)))


def test_a_turned_box() -> None:
    """Upright after a quarter turn, with its sides exchanged."""
    box = Box(10, 10, 16, 12, angle=90)
    assert box.bounds == pytest.approx((12, 8, 14, 14))
    found = filled(box, HEIGHT, WIDTH, ellipse=False)
    assert found is not None
    assert found.bounds == (12, 8, 14, 14)
    # clockwise: the corner that was at the top left is at the top right
    assert box.corners[0] == pytest.approx((14, 8))


@given(masks(), st.integers(-6, 6), st.integers(-6, 6))
def test_a_mask_is_cut_like_its_pixels(mask: Mask, right: int, down: int) -> None:
    moved = Mask(mask.left + right, mask.top + down, mask.pixels)
    big = np.zeros((HEIGHT + 40, WIDTH + 40), bool)
    rows, columns = moved.pixels.shape
    big[moved.top + 20 : moved.top + 20 + rows, moved.left + 20 : moved.left + 20 + columns] = moved.pixels
    expected = big[20 : 20 + HEIGHT, 20 : 20 + WIDTH]
    inside = cut(moved, HEIGHT, WIDTH)
    assert (inside is None) == (not expected.any())
    if isinstance(inside, Mask):
        np.testing.assert_array_equal(canvas(inside), expected)


def test_polygons_are_cut_along_the_sides() -> None:
    inside = cut(Polygon((np.array([[-4.0, 5], [4, 1], [4, 9]]),)), HEIGHT, WIDTH)
    assert isinstance(inside, Polygon)
    assert inside.bounds == (0, 1, 4, 9)
    assert {(0.0, 3.0), (0.0, 7.0)} < {tuple(corner) for corner in inside.rings[0].tolist()}
    assert cut(Polygon((np.array([[-4.0, 5], [-1, 1], [-1, 9]]),)), HEIGHT, WIDTH) is None
    # its box reaches into the corner of the image, the triangle does not
    assert cut(Polygon((np.array([[-9.0, 1], [1, -9], [-9, -9]]),)), HEIGHT, WIDTH) is None
    assert cut(Box(-1, -1, 3, 3), HEIGHT, WIDTH) == Box(0, 0, 3, 3)
    assert cut(Point(50, 3), HEIGHT, WIDTH) is None


@given(masks())
def test_a_mask_scaled_by_whole_numbers_repeats_its_pixels(mask: Mask) -> None:
    found = scale(mask, 3, 2)
    assert isinstance(found, Mask)
    np.testing.assert_array_equal(found.pixels, mask.pixels.repeat(2, axis=0).repeat(3, axis=1))
    assert (found.left, found.top) == (3 * mask.left, 2 * mask.top)


def test_scaling_keeps_a_target() -> None:
    small = scale(Mask(8, 8, np.ones((1, 1), bool)), 0.25, 0.25)
    assert isinstance(small, Mask)
    assert (small.left, small.top, small.pixels.sum()) == (2, 2, 1)
    assert scale(Box(2, 4, 6, 8), 2, 0.5) == Box(4, 2, 12, 4)
    assert scale(Point(2, 4), 2, 0.5) == Point(4, 2)


def test_a_mask_without_pixels_is_none() -> None:
    assert mask_of(np.zeros((3, 3))) is None
