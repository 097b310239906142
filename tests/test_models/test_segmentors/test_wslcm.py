"""WSLCM against its formulas, written out pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from mmirstd.models.segmentors import WSLCM
from mmirstd.models.segmentors.cells import NEIGHBOR_OFFSETS


def reference(image: np.ndarray, y: int, x: int, sizes: tuple[int, ...], count: int = 9, xi: float = 5.0) -> float:
    """The saliency of one pixel that is far from the border."""
    gray = image.astype(np.float64) * 255
    filtered = np.array(
        [
            [np.median(gray[i - 1 : i + 2, j - 1 : j + 2]) for j in range(1, gray.shape[1] - 1)]
            for i in range(1, gray.shape[0] - 1)
        ]
    )
    y, x = y - 1, x - 1
    window = filtered[y - 1 : y + 2, x - 1 : x + 2]
    smooth = (window * np.outer([1, 2, 1], [1, 2, 1])).sum() / 16
    best = 0.0
    for size in sizes:

        def cell(rows: int, columns: int, size: int = size) -> np.ndarray:
            top, left = y + rows * size - size // 2, x + columns * size - size // 2
            return filtered[top : top + size, left : left + size]

        def brightest(pixels: np.ndarray) -> float:
            return float(np.sort(pixels.ravel())[-count:].mean())

        around = [cell(*offset) for offset in NEIGHBOR_OFFSETS]
        contrast = max(smooth**2 / max(brightest(c) for c in around) - smooth, 0)
        irregular = brightest(cell(0, 0)) - cell(0, 0).mean()
        others = [brightest(c) - c.mean() for c in around]
        weight = irregular * max(irregular - max(others), 0) / max(float(np.std(others, ddof=1)), xi)
        best = max(best, weight * contrast)
    return best


def scene(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    image = (0.3 + 0.02 * rng.normal(size=(60, 60))).astype(np.float32)
    y, x = np.mgrid[:60, :60]
    return image + (0.4 * np.exp(-((y - 30) ** 2 + (x - 31) ** 2) / 8)).astype(np.float32)


@pytest.mark.parametrize('sizes', [(5,), (5, 7, 9, 11)])
def test_is_what_its_formulas_say(sizes: tuple[int, ...]) -> None:
    image = scene(0)
    saliency = WSLCM(sizes).saliency(image)
    places = [(30, 31), (29, 31), (30, 33), (28, 28), (35, 25)]
    expected = [reference(image, y, x, sizes) for y, x in places]
    assert expected[0] > 0
    np.testing.assert_allclose([saliency[place] for place in places], expected, rtol=1e-4)
    assert np.unravel_index(saliency.argmax(), saliency.shape) in {(y, x) for y in (29, 30, 31) for x in (30, 31, 32)}


def test_deviating_neighbors_weigh_down() -> None:
    """Beyond xi, the weight falls with the standard deviation of the neighbors' irregularity."""
    image = scene(1)
    weak = WSLCM((5,), min_deviation=1e6).saliency(image)
    strong = WSLCM((5,), min_deviation=5e5).saliency(image)
    np.testing.assert_allclose(strong, 2 * weak, rtol=1e-9)


def test_arguments() -> None:
    with pytest.raises(ValueError, match='num_brightest of WSLCM must be between 1 and 9, found 10'):
        WSLCM((3, 5), num_brightest=10)
    with pytest.raises(ValueError, match='min_deviation of WSLCM must be > 0'):
        WSLCM(min_deviation=0)
    with pytest.raises(ValueError, match='cell_sizes of WSLCM must be odd'):
        WSLCM((4,))
