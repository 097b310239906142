"""White top-hat, the baseline any learned method has to beat."""

from __future__ import annotations

import cv2
import numpy as np
from torch import nn

from mmirstd.registry import MODELS

from .classical import ClassicalSegmentor

_SHAPES = {'rect': cv2.MORPH_RECT, 'ellipse': cv2.MORPH_ELLIPSE}
_POLARITIES = ('bright', 'dark', 'both')


@MODELS.register_module()
class WhiteTopHat(ClassicalSegmentor):
    """Image minus its opening: what is bright and smaller than the structuring element.

    The textbook filter with a flat element. Pixels beyond the border of the
    image take no part.

    Args:
        kernel_size: Side of the structuring element in pixels, odd, larger than
            the largest target.
        threshold: k of T = mean + k * std, see :class:`ClassicalSegmentor`.
        polarity: 'bright' targets (white top-hat), 'dark' ones (black
            top-hat), or 'both' (the larger of the two).
        shape: 'rect' or 'ellipse', the structuring element.
        data_preprocessor: See :class:`ClassicalSegmentor`.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        kernel_size: int = 9,
        threshold: float = 12.0,
        polarity: str = 'bright',
        shape: str = 'rect',
        data_preprocessor: dict | nn.Module | None = None,
    ) -> None:
        super().__init__(threshold, data_preprocessor)
        if kernel_size < 3 or kernel_size % 2 == 0:
            raise ValueError(f'kernel_size of WhiteTopHat must be odd and at least 3, found {kernel_size}')
        if polarity not in _POLARITIES:
            raise ValueError(f'polarity of WhiteTopHat must be one of {_POLARITIES}, found {polarity!r}')
        if shape not in _SHAPES:
            raise ValueError(f'shape of WhiteTopHat must be one of {tuple(_SHAPES)}, found {shape!r}')
        self.polarity = polarity
        self.element = cv2.getStructuringElement(_SHAPES[shape], (kernel_size, kernel_size))

    def saliency(self, image: np.ndarray) -> np.ndarray:
        """Top-hat of one image.

        Args:
            image: (H, W) float32.

        Returns:
            (H, W) float32, >= 0, in the unit of the image.
        """
        maps = []
        if self.polarity in ('bright', 'both'):
            maps.append(cv2.morphologyEx(image, cv2.MORPH_TOPHAT, self.element))
        if self.polarity in ('dark', 'both'):
            maps.append(cv2.morphologyEx(image, cv2.MORPH_BLACKHAT, self.element))
        return np.maximum.reduce(maps)
