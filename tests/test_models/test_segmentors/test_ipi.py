"""IPI's robust PCA against a slow, literal one, and on a matrix whose parts are known."""

from __future__ import annotations

import numpy as np
import pytest

from mmirstd.models.segmentors import IPI
from mmirstd.models.segmentors.ipi import patch_starts, robust_pca, shrink_singular_values


def slow_robust_pca(data: np.ndarray, weight: float, iterations: int) -> np.ndarray:
    """The paper's algorithm 1 with tau = 2, by singular value decompositions, without early stops."""
    s = np.linalg.svd(data, compute_uv=False)
    mu, mu_end = s[1], 0.005 * s[3]
    parts = [np.zeros((2, *data.shape))]  # background and target of each iteration
    t = [1.0, 1.0]
    for k in range(iterations):
        before = parts[k - 1] if k else parts[0]
        ahead = parts[k] + (t[k] - 1) / t[k + 1] * (parts[k] - before)
        background, target = ahead - (ahead[0] + ahead[1] - data) / 2
        u, s, v = np.linalg.svd(background, full_matrices=False)
        background = u @ np.diag(np.maximum(s - mu / 2, 0)) @ v
        target = np.sign(target) * np.maximum(np.abs(target) - weight * mu / 2, 0)
        parts.append(np.stack([background, target]))
        t.append((1 + np.sqrt(1 + 4 * t[-1] ** 2)) / 2)
        mu = max(0.9 * mu, mu_end)
    return parts[-1][1]


def mixture(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A matrix of rank 2 with values about 1/2, and ten entries that stand out."""
    rng = np.random.default_rng(seed)
    background = 0.5 + 0.2 * np.outer(rng.normal(size=60), rng.normal(size=40)) / 3
    target = np.zeros_like(background)
    target.ravel()[rng.choice(target.size, 10, replace=False)] = 0.4
    return background, target


@pytest.mark.parametrize('iterations', [1, 5, 12])
def test_iterations_are_those_of_the_paper(iterations: int) -> None:
    background, target = mixture()
    data = background + target
    ours = robust_pca(data, 0.13, max_iterations=iterations)
    np.testing.assert_allclose(ours, slow_robust_pca(data, 0.13, iterations), rtol=0, atol=1e-9)


def test_known_parts_are_told_apart() -> None:
    background, target = mixture(1)
    found = robust_pca(background + target, 1 / np.sqrt(60))
    assert (np.abs(found) > 0.1).sum() == 10
    np.testing.assert_allclose(found, target, rtol=0, atol=0.1)
    assert np.abs(robust_pca(background, 1 / np.sqrt(60))).max() < 1e-2


@pytest.mark.parametrize('shape', [(7, 5), (5, 7)])
def test_singular_values_are_shrunk(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(2).normal(size=shape)
    values = np.linalg.svd(matrix, compute_uv=False)
    low, rank = shrink_singular_values(matrix, values[2])
    np.testing.assert_allclose(
        np.linalg.svd(low, compute_uv=False), np.maximum(values - values[2], 0), rtol=0, atol=1e-9
    )
    assert rank in (2, 3)  # the third is exactly at the bound


def test_patches_reach_the_border() -> None:
    assert patch_starts(100, 50, 10) == [0, 10, 20, 30, 40, 50]
    assert patch_starts(65, 50, 10) == [0, 10, 15]
    assert patch_starts(50, 50, 10) == [0]


def test_a_pixel_is_the_median_of_its_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    """With each patch's number in all of its pixels: the median of the numbers of the patches over a pixel."""
    monkeypatch.setattr(
        'mmirstd.models.segmentors.ipi.robust_pca', lambda data, *_: np.zeros_like(data) + np.arange(data.shape[1])
    )
    image = np.random.default_rng(3).random((10, 14)).astype(np.float32)
    saliency = IPI(patch_size=6, step=4).saliency(image)
    corners = [(y, x) for y in (0, 4) for x in (0, 4, 8)]
    for y, x in ((0, 0), (5, 5), (9, 13), (4, 9)):
        over = [i for i, (top, left) in enumerate(corners) if top <= y < top + 6 and left <= x < left + 6]
        assert saliency[y, x] == np.median(over)


def test_arguments() -> None:
    with pytest.raises(ValueError, match='found 50 and 60'):
        IPI(step=60)
    with pytest.raises(ValueError, match='sparsity of IPI must be > 0'):
        IPI(sparsity=0)
