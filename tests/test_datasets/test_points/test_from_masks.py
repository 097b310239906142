from __future__ import annotations

import numpy as np
import pytest

from mmirstd.datasets.points.from_masks import points_of_mask


def mask() -> np.ndarray:
    mask = np.zeros((40, 60), np.uint8)
    mask[5:10, 8:20] = 1
    mask[30, 50] = 1
    return mask


def test_centroids_round_down() -> None:
    # of columns 8 to 19 the mean is 13.5
    np.testing.assert_array_equal(points_of_mask(mask(), 'centroid', np.random.default_rng(0)), [[7, 13], [30, 50]])


def test_coarse_points_lie_on_their_target_and_around_its_centroid() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([points_of_mask(mask(), 'coarse', rng) for _ in range(400)])
    assert mask()[drawn[..., 0], drawn[..., 1]].all()
    assert (drawn[:, 1] == [30, 50]).all()
    columns = drawn[:, 0, 1]
    # floor of a Gaussian around 13.5 with sigma 12 / 8: mean 13, and 400 draws know it to 0.08
    assert abs(columns.mean() - 13) < 0.4
    assert 1.2 < columns.std() < 1.8


def test_the_seed_decides() -> None:
    first, again, other = (points_of_mask(mask(), 'coarse', np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_ring_gets_a_point_of_its_own() -> None:
    ring = np.ones((31, 31), np.uint8)
    ring[1:30, 1:30] = 0
    (point,) = points_of_mask(ring, 'coarse', np.random.default_rng(0))
    assert ring[tuple(point)]
    assert not ring[tuple(points_of_mask(ring, 'centroid', np.random.default_rng(0))[0])]


def test_no_target_no_point() -> None:
    assert points_of_mask(np.zeros((5, 5), np.uint8), 'coarse', np.random.default_rng(0)).shape == (0, 2)
    with pytest.raises(ValueError, match="'middle'"):
        points_of_mask(mask(), 'middle', np.random.default_rng(0))
