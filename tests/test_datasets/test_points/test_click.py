from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.labels.shapes import Mask
from mmirstd.datasets.points.click import GrowOptions, grow_from_click


def pixels(mask: Mask) -> set[tuple[int, int]]:
    return {(mask.top + r, mask.left + c) for r, c in np.argwhere(mask.pixels).tolist()}


def spot(
    row: float, column: float, sigma: float, height: float = 100.0, shape: tuple[int, int] = (80, 90)
) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return 50 + height * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2))


@pytest.mark.parametrize('level', [0.3, 0.5, 0.7])
def test_a_gaussian_ends_where_the_level_says(level: float) -> None:
    sigma = 3.0
    found = grow_from_click(spot(40, 45, sigma), 41, 44, GrowOptions(level=level))
    radius = sigma * np.sqrt(-2 * np.log(level))
    rows, columns = np.mgrid[:80, :90]
    expected = (rows - 40) ** 2 + (columns - 45) ** 2 <= radius**2
    assert pixels(found) == {tuple(pixel) for pixel in np.argwhere(expected).tolist()}
    x1, y1, x2, y2 = found.bounds
    assert (x1 + x2) / 2 == 45.5
    assert (y1 + y2) / 2 == 40.5


@pytest.mark.parametrize('scale', [0.001, 1.0, 300.0])
def test_gain_and_offset_do_not_matter(scale: float) -> None:
    assert pixels(grow_from_click(spot(40, 45, 2) * scale - 7, 40, 45)) == pixels(
        grow_from_click(spot(40, 45, 2), 40, 45)
    )


def test_a_dark_target() -> None:
    image = spot(40, 45, 2)
    assert pixels(grow_from_click(-image, 40, 45, GrowOptions(dark=True))) == pixels(grow_from_click(image, 40, 45))
    assert len(pixels(grow_from_click(-image, 40, 45))) == 1


@pytest.mark.parametrize(('row', 'column'), [(0, 0), (79, 89), (0, 50), (40, 0)])
def test_targets_at_the_border(row: int, column: int) -> None:
    found = grow_from_click(spot(row, column, 2), row, column)
    assert (row, column) in pixels(found)
    assert 3 < len(pixels(found)) < 30


def test_a_region_that_runs_out_is_held_back() -> None:
    """A slope of 20 gray levels: at a level of 0.05 all of it is brighter than the threshold."""
    image = spot(40, 45, 2) + np.linspace(0, 20, 90)
    found = grow_from_click(image, 40, 45, GrowOptions(level=0.05))
    assert 12 < len(pixels(found)) < 100  # of the window's 2401


def test_nothing_there() -> None:
    assert pixels(grow_from_click(np.full((30, 30), 9, np.uint8), 4, 5)) == {(4, 5)}
    with pytest.raises(ValueError, match='row 30'):
        grow_from_click(np.zeros((30, 30)), 30, 5)


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_pixels_without_a_value_belong_to_no_target(bad: float) -> None:
    image = spot(40, 45, 2)
    whole = pixels(grow_from_click(image, 40, 45))
    image[30, 30] = image[40, 46] = bad  # in the window, and beside the peak
    assert pixels(grow_from_click(image, 40, 45)) == whole - {(40, 46)}
    assert pixels(grow_from_click(np.full((30, 30), bad), 4, 5)) == {(4, 5)}


def test_neighbors_stay_apart_and_others_are_not_taken() -> None:
    image = np.maximum(spot(40, 40, 1.5), spot(40, 50, 1.5))
    first, second = (pixels(grow_from_click(image, 40, column)) for column in (40, 50))
    assert not first & second


@pytest.mark.parametrize('wrong', [dict(level=0), dict(level=1), dict(reach=0), dict(snap=-1)])
def test_impossible_options(wrong: dict) -> None:
    with pytest.raises(ValueError, match='expected'):
        GrowOptions(**wrong)
