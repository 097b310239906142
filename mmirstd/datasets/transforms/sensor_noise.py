"""Random temporal noise of the sensor."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomSensorNoise(BaseTransform):
    """Add white Gaussian noise of a random strength (NETD).

    Required and modified key: ``img`` (H, W) float32.

    Args:
        prob: Probability in [0, 1].
        sigma: Smallest and largest standard deviation, in units of the full range.
    """

    def __init__(self, prob: float = 0.3, sigma: tuple[float, float] = (0.0, 0.015)) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        low, high = sigma
        if not 0 <= low <= high:
            raise ValueError(f'sigma is {sigma}; expected 0 <= low <= high')
        self.prob = prob
        self.sigma = (low, high)

    def transform(self, results: dict) -> dict:
        """Add noise, or not."""
        drawn = self._draw()
        if drawn is not None:
            sigma, seed = drawn
            # np.random.normal knows only float64 and takes over a millisecond for 256x256
            noise = np.random.Generator(np.random.SFC64(seed)).standard_normal(results['img'].shape, np.float32)
            noise *= np.float32(sigma)
            noise += results['img']
            results['img'] = noise
        return results

    @cache_randomness
    def _draw(self) -> tuple[float, int] | None:
        """Standard deviation, and a seed from the generator that mmengine seeds in each worker."""
        if np.random.rand() >= self.prob:
            return None
        return float(np.random.uniform(*self.sigma)), int(np.random.randint(2**31))

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob}, sigma={self.sigma})'
