"""Random exchange of rows and columns."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomTranspose(BaseTransform):
    """Transpose image and mask with probability ``prob``.

    With ``RandomFlip`` in both directions this gives all eight symmetries of
    the square, rotations by 90 degrees included.

    Required keys: ``img``, ``gt_seg_map`` (optional).
    Modified keys: both, ``img_shape``, ``pad_shape``.  Added: ``transposed``.

    Args:
        prob: Probability in [0, 1].
    """

    def __init__(self, prob: float = 0.5) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Transpose, or not."""
        results['transposed'] = self._draw()
        if results['transposed']:
            for key in ('img', 'gt_seg_map'):
                if key in results:
                    results[key] = np.swapaxes(results[key], 0, 1)
            results['img_shape'] = results['pad_shape'] = results['img'].shape[:2]
        return results

    @cache_randomness
    def _draw(self) -> bool:
        return bool(np.random.rand() < self.prob)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob})'
