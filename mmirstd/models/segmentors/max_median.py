"""The max-median filter."""

from __future__ import annotations

import numpy as np
from torch import nn

from mmirstd.registry import MODELS

from .classical import ClassicalSegmentor

#: Rows and columns of a step along each line.
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


@MODELS.register_module()
class MaxMedian(ClassicalSegmentor):
    """Image minus the largest of the medians along four lines through each pixel.

    A target shorter than half the line is in no median; an edge or a line survives in the median along itself, so it is
    background. Source: Deshpande, Er, Venkateswarlu and Chan, "Max-mean and max-median filters for detection of
    small targets", Proc. SPIE 3809, 1999. Beyond the border the image is mirrored.

    Args:
        kernel_size: Pixels of each line, odd; more than twice the largest target.
        threshold: k of T = mean + k * std, see :class:`ClassicalSegmentor`.
        data_preprocessor: See :class:`ClassicalSegmentor`.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self, kernel_size: int = 41, threshold: float = 14.0, data_preprocessor: dict | nn.Module | None = None
    ) -> None:
        super().__init__(threshold, data_preprocessor)
        if kernel_size < 3 or kernel_size % 2 == 0:
            raise ValueError(f'kernel_size of MaxMedian must be odd and at least 3, found {kernel_size}')
        self.kernel_size = kernel_size

    def saliency(self, image: np.ndarray) -> np.ndarray:
        """How much brighter each pixel is than its background.

        Args:
            image: (H, W) float32.

        Returns:
            (H, W) float32, in the unit of the image; negative where the background is brighter.
        """
        height, width = image.shape
        radius = self.kernel_size // 2
        padded = np.pad(image, radius, mode='symmetric')
        background = np.full(image.shape, -np.inf, image.dtype)
        for rows, columns in DIRECTIONS:
            line = np.stack(
                [
                    padded[
                        radius + step * rows : radius + step * rows + height,
                        radius + step * columns : radius + step * columns + width,
                    ]
                    for step in range(-radius, radius + 1)
                ]
            )
            line.partition(radius, axis=0)
            np.maximum(background, line[radius], out=background)
        return image - background
