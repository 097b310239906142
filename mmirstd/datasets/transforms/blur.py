"""Random blur: defocus and the optics' point spread."""

from __future__ import annotations

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomBlur(BaseTransform):
    """Gaussian blur of a random width.

    Keep it small: at sigma 1 a target of one pixel keeps 16% of its peak.

    Required and modified key: ``img`` (H, W) float32.

    Args:
        prob: Probability in [0, 1].
        sigma: Smallest and largest standard deviation in pixels.
    """

    def __init__(self, prob: float = 0.2, sigma: tuple[float, float] = (0.3, 0.8)) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        low, high = sigma
        if not 0 < low <= high:
            raise ValueError(f'sigma is {sigma}; expected 0 < low <= high')
        self.prob = prob
        self.sigma = (low, high)

    def transform(self, results: dict) -> dict:
        """Blur, or not."""
        sigma = self._draw()
        if sigma is not None:
            side = 2 * int(np.ceil(3 * sigma)) + 1
            results['img'] = cv2.GaussianBlur(results['img'], (side, side), sigma)
        return results

    @cache_randomness
    def _draw(self) -> float | None:
        """The standard deviation in pixels."""
        if np.random.rand() >= self.prob:
            return None
        return float(np.random.uniform(*self.sigma))

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob}, sigma={self.sigma})'
