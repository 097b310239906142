"""Local contrast measure."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from torch import nn

from mmirstd.registry import MODELS

from .cells import cell_means, check_cell_sizes
from .classical import ClassicalSegmentor


@MODELS.register_module()
class LCM(ClassicalSegmentor):
    """Squared maximum of a cell by the largest mean of its eight neighbors, the best of several cell sizes.

    ``C = min over i of L^2 / m_i`` enhances what is brighter than all its neighbors and leaves flat areas as they
    are. Source: Chen, Li, Wei, Xia and Tang, "A local contrast method for small infrared target detection", IEEE
    TGRS 52(1), 2014; T = mean + k * std is the paper's threshold, too.

    Args:
        cell_sizes: Sides of the cells in pixels, odd; 3 to 9 as in the paper.
        threshold: k of T = mean + k * std, see :class:`ClassicalSegmentor`.
        floor: Means below this, in the unit of the image, count as this; the paper divides by them as they are. Ours:
            a twentieth of an image in [0, 1].
        data_preprocessor: See :class:`ClassicalSegmentor`.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        cell_sizes: Sequence[int] = (3, 5, 7, 9),
        threshold: float = 5.0,
        floor: float = 0.05,
        data_preprocessor: dict | nn.Module | None = None,
    ) -> None:
        super().__init__(threshold, data_preprocessor)
        self.cell_sizes = check_cell_sizes('LCM', cell_sizes)
        if floor <= 0:
            raise ValueError(f'floor of LCM must be > 0, found {floor}')
        self.floor = floor

    def saliency(self, image: np.ndarray) -> np.ndarray:
        """Local contrast of one image.

        Args:
            image: (H, W) float32.

        Returns:
            (H, W) float32, >= 0, in the unit of the image.
        """
        image = np.maximum(image, 0)
        best = np.zeros_like(image)
        for size in self.cell_sizes:
            peak = cv2.dilate(image, np.ones((size, size), np.uint8))
            _, neighbors = cell_means(image, size)
            np.maximum(best, peak**2 / np.maximum(neighbors.max(axis=0), self.floor), out=best)
        return best
