"""Weighted strengthened local contrast measure (WSLCM)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from torch import nn

from mmirstd.registry import MODELS

from .cells import NEIGHBOR_OFFSETS, cell_means, check_cell_sizes
from .classical import ClassicalSegmentor


def brightest_means(image: np.ndarray, size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the brightest pixels of the cell around each pixel, and of the eight cells around that one.

    Args:
        image: (H, W) float; continued beyond its border by its outermost pixels.
        size: Side of a cell in pixels, odd.
        count: How many pixels of a cell.

    Returns:
        (H, W) and (8, H, W), in the order of :func:`~mmirstd.models.segmentors.cells.cell_means`.
    """
    height, width = image.shape
    # All cells' pixels, then the neighbors as shifts of one map.
    padded = np.pad(image, size + size // 2, mode='edge')
    cells = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    means = np.empty(cells.shape[:2], image.dtype)
    for row, line in enumerate(cells):  # line by line: a copy of all cells would not fit into a cache
        pixels = line.reshape(len(line), -1)
        means[row] = np.partition(pixels, pixels.shape[1] - count, axis=1)[:, -count:].mean(axis=1)

    def shifted(rows: int, columns: int) -> np.ndarray:
        top, left = size * (1 + rows), size * (1 + columns)
        return means[top : top + height, left : left + width]

    return shifted(0, 0), np.stack([shifted(*offset) for offset in NEIGHBOR_OFFSETS])


@MODELS.register_module()
class WSLCM(ClassicalSegmentor):
    """Local contrast to the brightest of eight neighbor cells, weighted by how irregular the cell is.

    The image passes a 3x3 median.  Of a cell and its eight neighbors, b is the mean of the brightest pixels, and
    ``r = b - mean of the cell`` the irregularity.  With g the Gaussian-smoothed image:

    * contrast: ``max(g^2 / max over neighbors of b - g, 0)``;
    * weight: ``r * max(r - max over neighbors of r, 0) / max(standard deviation over neighbors of r, xi)``.

    Their product is the saliency, the best of several sizes of cells.  Source: Han, Moradi, Faramarzi, Zhang, Zhao,
    Zhang and Li, "Infrared small target detection based on the weighted strengthened local contrast measure", IEEE GRSL
    18(9), 2021; constants from its authors' code, which works on 8-bit gray levels.

    OUR READING: beyond the border the image is continued by its outermost pixels (the code partly takes zeros), and a
    neighbor's brightness is at least one gray level (the code divides by 0).

    Args:
        cell_sizes: Sides of the cells in pixels, odd.
        num_brightest: Pixels of a cell that its brightness is the mean of; at most those of the smallest cell.
        min_deviation: xi, in gray levels.
        threshold: k of T = mean + k * std, see :class:`ClassicalSegmentor`.
        gray_levels: The image is multiplied by this.
        data_preprocessor: See :class:`ClassicalSegmentor`.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        cell_sizes: Sequence[int] = (5, 7, 9, 11),
        num_brightest: int = 9,
        min_deviation: float = 5.0,
        threshold: float = 4.0,
        gray_levels: float = 255.0,
        data_preprocessor: dict | nn.Module | None = None,
    ) -> None:
        super().__init__(threshold, data_preprocessor)
        self.cell_sizes = check_cell_sizes('WSLCM', cell_sizes)
        smallest = min(self.cell_sizes) ** 2
        if not 1 <= num_brightest <= smallest:
            raise ValueError(f'num_brightest of WSLCM must be between 1 and {smallest}, found {num_brightest}')
        if min_deviation <= 0:
            raise ValueError(f'min_deviation of WSLCM must be > 0, found {min_deviation}')
        self.num_brightest = num_brightest
        self.min_deviation = min_deviation
        self.gray_levels = gray_levels

    def saliency(self, image: np.ndarray) -> np.ndarray:
        """Weighted contrast of one image.

        Args:
            image: (H, W) float32.

        Returns:
            (H, W) float64, >= 0.
        """
        image = cv2.medianBlur(np.asarray(image, np.float32), 3).astype(np.float64) * self.gray_levels
        smooth = cv2.GaussianBlur(image, (3, 3), sigmaX=0, borderType=cv2.BORDER_REPLICATE)
        best = np.zeros_like(image)
        for size in self.cell_sizes:
            means, neighbor_means = cell_means(image, size)
            bright, neighbor_bright = brightest_means(image, size, self.num_brightest)
            contrast = np.maximum(smooth**2 / np.maximum(neighbor_bright.max(axis=0), 1) - smooth, 0)
            irregularity, others = bright - means, neighbor_bright - neighbor_means
            distance = np.maximum(irregularity - others.max(axis=0), 0)
            deviation = np.maximum(others.std(axis=0, ddof=1), self.min_deviation)
            np.maximum(best, irregularity * distance / deviation * contrast, out=best)
        return best
