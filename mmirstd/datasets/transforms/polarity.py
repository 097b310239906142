"""Random polarity: white-hot and black-hot display of one scene."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomPolarity(BaseTransform):
    """``1 - img`` with probability ``prob``.

    For models that must find dark targets as well as bright ones.

    Required and modified key: ``img`` (H, W) float32 in about [0, 1].

    Args:
        prob: Probability in [0, 1].
    """

    def __init__(self, prob: float = 0.5) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Invert, or not."""
        if self._draw():
            results['img'] = np.float32(1) - results['img']
        return results

    @cache_randomness
    def _draw(self) -> bool:
        return bool(np.random.rand() < self.prob)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob})'
