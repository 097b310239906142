"""Infrared patch-image model (IPI): a low-rank background and a sparse target by robust PCA."""

from __future__ import annotations

import numpy as np
from torch import nn

from mmirstd.registry import MODELS

from .classical import ClassicalSegmentor


def patch_starts(length: int, size: int, step: int) -> list[int]:
    """Starts of patches of ``size`` at a distance of ``step``; the last one ends with the image."""
    starts = list(range(0, length - size + 1, step))
    return starts if starts[-1] == length - size else [*starts, length - size]


def shrink_singular_values(matrix: np.ndarray, amount: float) -> tuple[np.ndarray, int]:
    """Proximal operator of the nuclear norm: singular values lowered by ``amount``, at least to 0.

    Args:
        matrix: (M, N).
        amount: >= 0.

    Returns:
        (M, N), and how many singular values are left.
    """
    if matrix.shape[0] < matrix.shape[1]:
        low, rank = shrink_singular_values(matrix.T, amount)
        return low.T, rank
    # By the eigenvectors of the Gram matrix: several times as fast as a singular value decomposition.  What they lose
    # in precision concerns the smallest values, which are cut off.
    squares, vectors = np.linalg.eigh(matrix.T @ matrix)
    kept = squares > amount**2
    values, vectors = np.sqrt(squares[kept]), vectors[:, kept]
    return (matrix @ vectors * (1 - amount / values)) @ vectors.T, int(kept.sum())


def robust_pca(data: np.ndarray, weight: float, max_iterations: int = 1000, tolerance: float = 1e-6) -> np.ndarray:
    """Sparse part of a matrix by accelerated proximal gradients (Lin et al., 2009; Gao et al., 2013, algorithm 1).

    ``min mu ||B||_* + mu weight ||T||_1 + ||D - B - T||^2 / 2``, mu sinking from the second singular value to a
    two-hundredth of the fourth by a tenth in each iteration.  Stops at the tolerance, or as the official code does: the
    background's rank stayed for more than ten iterations and the number of target entries changed by less than twenty,
    or the rank is above 0.3 of the smaller side.

    Args:
        data: D, (M, N).
        weight: Of the sparse part.
        max_iterations: Bound of the iterations.
        tolerance: Of the relative change.

    Returns:
        T, (M, N).
    """
    values = np.linalg.svd(data, compute_uv=False)
    mu, mu_end = values[min(1, len(values) - 1)], 0.005 * values[min(3, len(values) - 1)]
    zeros = np.zeros_like(data)
    low, low_before, sparse, sparse_before = zeros, zeros, zeros, zeros
    momentum, momentum_before = 1.0, 1.0
    rank_before = unchanged = count_before = 0
    for _ in range(max_iterations):
        inertia = (momentum_before - 1) / momentum
        low_ahead = low + inertia * (low - low_before)
        sparse_ahead = sparse + inertia * (sparse - sparse_before)
        residual = (low_ahead + sparse_ahead - data) / 2
        low_new, rank = shrink_singular_values(low_ahead - residual, mu / 2)
        moved = sparse_ahead - residual
        sparse_new = np.sign(moved) * np.maximum(np.abs(moved) - weight * mu / 2, 0)
        change = low_new + sparse_new - low_ahead - sparse_ahead
        steps = (2 * (ahead - new) + change for ahead, new in ((low_ahead, low_new), (sparse_ahead, sparse_new)))
        size = np.sqrt(np.sum(low_new**2) + np.sum(sparse_new**2))
        mu = max(0.9 * mu, mu_end)
        momentum_before, momentum = momentum, (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        low_before, low, sparse_before, sparse = low, low_new, sparse, sparse_new
        count = int(np.count_nonzero(sparse))
        if rank == rank_before:
            unchanged += 1
        else:
            unchanged, count_before = 0, count
        rank_before = rank
        if (
            np.sqrt(sum(np.sum(step**2) for step in steps)) <= tolerance * 2 * max(1, size)
            or (unchanged > 10 and abs(count - count_before) < 20)
            or rank > 0.3 * min(data.shape)
        ):
            break
    return sparse


@MODELS.register_module()
class IPI(ClassicalSegmentor):
    """The patch-image taken apart into a low-rank background and sparse targets.

    Patches of the image, a column each, make a matrix: where the background repeats itself its rank is low, and a small
    target is sparse in it.  :func:`robust_pca` parts the two; a pixel's saliency is the median over its patches.
    Source: Gao, Meng, Yang, Wang, Zhou and Hauptmann, "Infrared patch-image model for small target detection in a
    single image", IEEE TIP 22(12), 2013; constants from its official code (gaocq/IPI-for-small-target-detection).

    OUR READING: patches reach the right and lower border (the code leaves a strip out).

    Args:
        patch_size: Side of the patches in pixels; smaller for a smaller image.
        step: Distance of neighboring patches in pixels, at most ``patch_size``.
        sparsity: The sparse part's weight times the root of the image's longer side.
        threshold: k of T = mean + k * std, see :class:`ClassicalSegmentor`.
        max_iterations: Bound of the iterations.
        data_preprocessor: See :class:`ClassicalSegmentor`.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        patch_size: int = 50,
        step: int = 10,
        sparsity: float = 1.0,
        threshold: float = 14.0,
        max_iterations: int = 1000,
        data_preprocessor: dict | nn.Module | None = None,
    ) -> None:
        super().__init__(threshold, data_preprocessor)
        if patch_size < 3 or not 1 <= step <= patch_size:
            raise ValueError(
                f'patch_size of IPI must be at least 3 and step between 1 and patch_size, found {patch_size} and {step}'
            )
        if sparsity <= 0:
            raise ValueError(f'sparsity of IPI must be > 0, found {sparsity}')
        self.patch_size = patch_size
        self.step = step
        self.sparsity = sparsity
        self.max_iterations = max_iterations

    def saliency(self, image: np.ndarray) -> np.ndarray:
        """Target part of one image.

        Args:
            image: (H, W) float32.

        Returns:
            (H, W) float64, in shares of the image's range; negative where the image is darker than the background.
        """
        image = np.asarray(image, np.float64)
        span = image.max() - image.min()
        if span == 0:
            return np.zeros_like(image)
        height, width = image.shape
        size = min(self.patch_size, height, width)
        corners = [(y, x) for y in patch_starts(height, size, self.step) for x in patch_starts(width, size, self.step)]
        patches = np.stack([image[y : y + size, x : x + size].ravel() for y, x in corners], axis=1)
        weight = self.sparsity / np.sqrt(max(height, width))
        targets = robust_pca((patches - image.min()) / span, weight, self.max_iterations)
        # As many layers as patches over one pixel; each patch writes into the lowest free one.
        counts = np.zeros(image.shape, int)
        for y, x in corners:
            counts[y : y + size, x : x + size] += 1
        layers = np.full((counts.max(), height, width), np.nan)
        counts[:] = 0
        rows, columns = np.ogrid[:size, :size]
        for (y, x), target in zip(corners, targets.T):
            inside = np.s_[y : y + size, x : x + size]
            layers[counts[inside], y + rows, x + columns] = target.reshape(size, size)
            counts[inside] += 1
        return np.nanmedian(layers, axis=0)
