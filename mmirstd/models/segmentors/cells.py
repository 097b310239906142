"""Cells and their eight neighbors, what the local contrast methods compare."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

#: Rows and columns of the neighbors, in cells. Opposite ones are four places apart.
NEIGHBOR_OFFSETS = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def check_cell_sizes(name: str, sizes: Sequence[int]) -> tuple[int, ...]:
    """Odd sizes of at least 3, as a tuple.

    Raises:
        ValueError: There is none, or one is even or too small; names the model.
    """
    sizes = tuple(sizes)
    if not sizes or any(size < 3 or size % 2 == 0 for size in sizes):
        raise ValueError(f'cell_sizes of {name} must be odd and at least 3, found {sizes}')
    return sizes


def cell_means(image: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the cell around each pixel, and of the eight cells around that one.

    Args:
        image: (H, W) float; continued beyond its border by its outermost pixels.
        size: Side of a cell in pixels, odd.

    Returns:
        (H, W) and (8, H, W); neighbors i and i + 4 are opposite each other.
    """
    height, width = image.shape
    padded = np.pad(image, 2 * size, mode='edge')
    means = cv2.blur(padded, (size, size))

    def shifted(rows: int, columns: int) -> np.ndarray:
        top, left = size * (2 + rows), size * (2 + columns)
        return means[top : top + height, left : left + width]

    return shifted(0, 0), np.stack([shifted(*offset) for offset in NEIGHBOR_OFFSETS])
