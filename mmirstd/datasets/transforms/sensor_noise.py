"""Random temporal noise of the sensor."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS

#: Normal values that are drawn once a process: an image takes a run of them from a random place, with a random sign.
#: Drawing them anew was a quarter of what an image costs the loader.
TABLE = 2**20


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
            noise = white_noise(results['img'].shape, seed) * np.float32(sigma)
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


def white_noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Normal values of mean 0 and standard deviation 1.

    Args:
        shape: Of the result. With more than half of ``TABLE`` values all are drawn anew.
        seed: Chooses the place and the sign, or seeds the generator.

    Returns:
        float32 of this shape; not to be changed in place.
    """
    count = int(np.prod(shape))
    if 2 * count > TABLE:
        return np.random.Generator(np.random.SFC64(seed)).standard_normal(shape, np.float32)
    place, sign = divmod(seed, 2)
    start = place % (TABLE - count)
    run = _table()[start : start + count].reshape(shape)
    return -run if sign else run


@lru_cache(maxsize=1)
def _table() -> np.ndarray:
    table = np.random.Generator(np.random.SFC64(0)).standard_normal(TABLE, np.float32)
    table.flags.writeable = False
    return table
