"""Multiscale patch-based contrast measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from mmirstd.registry import MODELS

from .cells import cell_means, check_cell_sizes
from .classical import ClassicalSegmentor

_POLARITIES = ('bright', 'dark', 'both')


@MODELS.register_module()
class MPCM(ClassicalSegmentor):
    """Smallest product of the differences to opposite neighbor patches, the best of several patch sizes.

    With d_i the patch's mean minus that of neighbor i: ``C = min over i = 1..4 of d_i * d_(i + 4)``, large where the
    patch stands out in every direction; along an edge one difference is small or of the other sign. Source: Wei, You
    and Li, "Multiscale patch-based contrast measure for small infrared target detection", Pattern Recognition 58,
    2016.

    Args:
        cell_sizes: Sides of the patches in pixels, odd; 3 to 9 as in the paper.
        threshold: k of T = mean + k * std, see :class:`ClassicalSegmentor`.
        polarity: 'bright' takes differences > 0 only, 'dark' those < 0, 'both' either, as the paper's product does.
        data_preprocessor: See :class:`ClassicalSegmentor`.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        cell_sizes: Sequence[int] = (3, 5, 7, 9),
        threshold: float = 14.0,
        polarity: str = 'bright',
        data_preprocessor: dict | nn.Module | None = None,
    ) -> None:
        super().__init__(threshold, data_preprocessor)
        self.cell_sizes = check_cell_sizes('MPCM', cell_sizes)
        if polarity not in _POLARITIES:
            raise ValueError(f'polarity of MPCM must be one of {_POLARITIES}, found {polarity!r}')
        self.polarity = polarity

    def saliency(self, image: np.ndarray) -> np.ndarray:
        """Patch contrast of one image.

        Args:
            image: (H, W) float32.

        Returns:
            (H, W) float32, >= 0, in the squared unit of the image.
        """
        best = np.zeros_like(image)
        for size in self.cell_sizes:
            center, neighbors = cell_means(image, size)
            for sign in {'bright': (1,), 'dark': (-1,), 'both': (1, -1)}[self.polarity]:
                differences = np.maximum(sign * (center - neighbors), 0)
                np.maximum(best, (differences[:4] * differences[4:]).min(axis=0), out=best)
        return best
