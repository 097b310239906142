"""Low-rank plus sparse decomposition of a patch tensor (PSTNN)."""

from __future__ import annotations

import cv2
import numpy as np
from torch import nn

from mmirstd.registry import MODELS

from .classical import ClassicalSegmentor


def tile_starts(length: int, size: int) -> list[int]:
    """Starts of tiles of ``size`` side by side; the last one ends with the image and may overlap the one before."""
    return [*range(0, length - size, size), length - size]


def corner_prior(image: np.ndarray) -> np.ndarray:
    """Weight of each pixel, in [0, 1]: how much the structure tensor looks like a corner or a blob.

    ``l1 l2 / (l1 + l2) * l1`` with the eigenvalues l1 >= l2 of the structure tensor, scaled to [0, 1]; 3x3 Gaussian
    windows with the official code's sigmas, 2 for the image and 9 for the tensor.

    Args:
        image: (H, W) float.

    Returns:
        (H, W) float64, all 0 for an image without any structure.
    """
    smooth = cv2.GaussianBlur(np.asarray(image, np.float64), (3, 3), 2, borderType=cv2.BORDER_REFLECT)
    dy, dx = np.gradient(smooth)
    xx, yy, xy = (cv2.GaussianBlur(a, (3, 3), 9, borderType=cv2.BORDER_REFLECT) for a in (dx * dx, dy * dy, dx * dy))
    root = np.sqrt((xx - yy) ** 2 + 4 * xy**2)
    large, small = (xx + yy + root) / 2, np.maximum((xx + yy - root) / 2, 0)
    total = large + small
    strength = np.divide(large * small, total, out=np.zeros_like(total), where=total > 0) * large
    span = strength.max() - strength.min()
    return (strength - strength.min()) / span if span > 0 else np.zeros_like(strength)


def shrink_tail(tensor: np.ndarray, rank: int, amount: float) -> np.ndarray:
    """Proximal operator of the partial sum of the tensor nuclear norm.

    In the Fourier domain along the first axis, the singular values of each slice beyond the first ``rank`` are lowered
    by ``amount``.

    Args:
        tensor: (N, P, P) patches.
        rank: Singular values of each slice that stay.
        amount: >= 0.

    Returns:
        (N, P, P).
    """
    slices = np.fft.rfft(tensor, axis=0)
    # By the eigenvectors of the Gram matrices: several times as fast as singular value decompositions. What they lose
    # in precision concerns the smallest values, which are cut off.
    squares, vectors = np.linalg.eigh(slices.conj().transpose(0, 2, 1) @ slices)
    values = np.sqrt(np.maximum(squares, 0))  # ascending
    kept = np.maximum(values - amount, 0)
    kept[:, values.shape[1] - rank :] = values[:, values.shape[1] - rank :]
    scale = np.divide(kept, values, out=np.zeros_like(values), where=values > 0)
    low = (slices @ vectors * scale[:, None]) @ vectors.conj().transpose(0, 2, 1)
    return np.fft.irfft(low, n=len(tensor), axis=0)


@MODELS.register_module()
class PSTNN(ClassicalSegmentor):
    """Infrared patch tensor taken apart into a low-rank background and sparse bright targets.

    ``min ||B||_PSTNN + lambda ||W * T||_1  with  D = B + T, T >= 0``, solved by alternating directions with weights W
    that are renewed in each iteration from T and from a corner prior. Source: Zhang and Peng, "Infrared small target
    detection based on partial sum of the tensor nuclear norm", Remote Sensing 11(4), 382, 2019; constants from its
    official code (Lanneeee/Infrared-Small-Target-Detection-based-on-PSTNN), which works on 8-bit gray levels: an image
    in [0, 1] is multiplied by 255 first.

    OUR READING, where the code is peculiar: the rank that stays is counted on the matrix of flattened patches (the
    code reshapes across patches), and pixels of overlapping patches are averaged (there the last patch wins).

    Args:
        patch_size: Side of the patches in pixels, which lie side by side; smaller for a smaller image.
        sparsity: lambda times the root of patch size times number of patches; larger finds less.
        threshold: k of T = mean + k * std, see :class:`ClassicalSegmentor`. Most of the sparse map is 0, so the
            choice matters little.
        gray_levels: The image is multiplied by this.
        max_iterations: Bound of the iterations.
        tolerance: Stop when the relative residual is below this; or when the number of target pixels stays.
        data_preprocessor: See :class:`ClassicalSegmentor`.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        patch_size: int = 40,
        sparsity: float = 0.7,
        threshold: float = 12.0,
        gray_levels: float = 255.0,
        max_iterations: int = 500,
        tolerance: float = 1e-3,
        data_preprocessor: dict | nn.Module | None = None,
    ) -> None:
        super().__init__(threshold, data_preprocessor)
        if patch_size < 3:
            raise ValueError(f'patch_size of PSTNN must be at least 3, found {patch_size}')
        if sparsity <= 0:
            raise ValueError(f'sparsity of PSTNN must be > 0, found {sparsity}')
        self.patch_size = patch_size
        self.sparsity = sparsity
        self.gray_levels = gray_levels
        self.max_iterations = max_iterations
        self.tolerance = tolerance

    def saliency(self, image: np.ndarray) -> np.ndarray:
        """Target part of one image.

        Args:
            image: (H, W) float32.

        Returns:
            (H, W) float64, >= 0, in gray levels.
        """
        image = np.asarray(image, np.float64) * self.gray_levels
        size = min(self.patch_size, *image.shape)
        corners = [(y, x) for x in tile_starts(image.shape[1], size) for y in tile_starts(image.shape[0], size)]
        patches, prior = (
            np.stack([a[y : y + size, x : x + size] for y, x in corners]) for a in (image, corner_prior(image))
        )
        targets = self.decompose(patches, prior)
        total, count = np.zeros_like(image), np.zeros_like(image)
        for (y, x), target in zip(corners, targets):
            total[y : y + size, x : x + size] += target
            count[y : y + size, x : x + size] += 1
        return total / count

    def decompose(self, patches: np.ndarray, prior: np.ndarray) -> np.ndarray:
        """Sparse part of a patch tensor.

        Args:
            patches: (N, P, P) in gray levels.
            prior: (N, P, P) in [0, 1], 0 where there can be no target.

        Returns:
            (N, P, P), >= 0.
        """
        count, size, _ = patches.shape
        weight = self.sparsity / np.sqrt(size * count)
        values = np.linalg.svd(patches.reshape(count, -1), compute_uv=False)
        rank = min(int((values >= 0.1 * values[0]).sum()), size)
        norm = np.linalg.norm(patches)
        targets, dual, penalty = np.zeros_like(patches), np.zeros_like(patches), 2e-3
        weights, found = np.ones_like(patches), 0
        if norm == 0:
            return targets
        for _ in range(self.max_iterations):
            background = shrink_tail(patches - targets - dual / penalty, rank, 1 / penalty)
            targets = np.maximum(patches - background - dual / penalty - weights * (weight / penalty), 0)
            with np.errstate(divide='ignore'):
                weights = rank / (targets + 0.01) / prior
            residual = background + targets - patches
            before, found = found, int((targets > 0).sum())
            if np.linalg.norm(residual) < self.tolerance * norm or found == before > 0:
                break
            dual += penalty * residual
            penalty = min(1.05 * penalty, 1e10)
        return targets
