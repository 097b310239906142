"""Random stripes: the row or column pattern that non-uniformity correction leaves."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomStripes(BaseTransform):
    """Add one Gaussian offset per column or per row.

    Required and modified key: ``img`` (H, W) or, one pattern for all frames of a clip, (H, W, T) float32.

    Args:
        prob: Probability in [0, 1].
        sigma: Smallest and largest standard deviation of the offsets, in units of the full range.
        direction: ``'column'``, ``'row'``, or ``'any'`` (either, with equal chance).
    """

    def __init__(self, prob: float = 0.1, sigma: tuple[float, float] = (0.002, 0.015), direction: str = 'any') -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        low, high = sigma
        if not 0 <= low <= high:
            raise ValueError(f'sigma is {sigma}; expected 0 <= low <= high')
        if direction not in ('column', 'row', 'any'):
            raise ValueError(f"direction is {direction!r}; expected 'column', 'row' or 'any'")
        self.prob = prob
        self.sigma = (low, high)
        self.direction = direction

    def transform(self, results: dict) -> dict:
        """Add stripes, or not."""
        image = results['img']
        offsets = self._draw(image.shape[:2])
        if offsets is not None:
            results['img'] = image + (offsets if image.ndim == 2 else offsets[..., None])
        return results

    @cache_randomness
    def _draw(self, shape: tuple[int, int]) -> np.ndarray | None:
        """Offsets (1, W) or (H, 1), float32."""
        if np.random.rand() >= self.prob:
            return None
        columns = self.direction == 'column' or (self.direction == 'any' and np.random.rand() < 0.5)
        size = (1, shape[1]) if columns else (shape[0], 1)
        return np.random.normal(0, np.random.uniform(*self.sigma), size).astype(np.float32)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob}, sigma={self.sigma}, direction={self.direction!r})'
