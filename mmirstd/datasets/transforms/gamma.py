"""Random gamma: the unknown tone curve between a sensor's counts and a published 8-bit image."""

from __future__ import annotations

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomGamma(BaseTransform):
    """``img ** gamma`` with a random exponent; values below 0 count as 0.

    Required and modified key: ``img`` (H, W) float32.

    Args:
        prob: Probability in [0, 1].
        gamma: Smallest and largest exponent; drawn uniformly in its logarithm,
            so that brightening and darkening are equally likely.
    """

    def __init__(self, prob: float = 0.5, gamma: tuple[float, float] = (0.7, 1.4)) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        if not 0 < gamma[0] <= gamma[1]:
            raise ValueError(f'gamma is {gamma}; expected 0 < low <= high')
        self.prob = prob
        self.gamma = tuple(gamma)

    def transform(self, results: dict) -> dict:
        """Apply the tone curve, or not."""
        gamma = self._draw()
        if gamma is not None:
            results['img'] = cv2.pow(np.maximum(results['img'], 0), gamma)
        return results

    @cache_randomness
    def _draw(self) -> float | None:
        """The exponent."""
        if np.random.rand() >= self.prob:
            return None
        return float(np.exp(np.random.uniform(*np.log(self.gamma))))

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob}, gamma={self.gamma})'
