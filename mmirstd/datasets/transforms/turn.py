"""One of the eight symmetries of the square."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS

#: What is turned together.
_KEYS = ('img', 'gt_seg_map')


@TRANSFORMS.register_module()
class RandomTurn(BaseTransform):
    """Flip, rotate by 90 degrees, or both: one of the eight symmetries of the square, each as often as another.

    It does what ``RandomFlip`` in both directions and :class:`RandomTranspose` do one after another, in one draw and
    without a copy: the three were a fifth of what an image costs the loader.

    Required keys: ``img`` (H, W[, T]), ``gt_seg_map`` (H, W[, T]) optional.
    Modified keys: both, ``img_shape``, ``pad_shape``.  Both become views of what they were.

    Args:
        prob: Probability in [0, 1] that anything is drawn; what is drawn may leave the image as it is.
    """

    def __init__(self, prob: float = 1.0) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Turn image and mask alike, or not."""
        turn = self._draw()
        if turn:
            for key in _KEYS:
                if key in results:
                    results[key] = _turned(results[key], turn)
            results['img_shape'] = results['pad_shape'] = results['img'].shape[:2]
        return results

    @cache_randomness
    def _draw(self) -> int:
        """Of three bits: rows reversed, columns reversed, rows and columns exchanged."""
        if np.random.rand() >= self.prob:
            return 0
        return int(np.random.randint(8))

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob})'


def _turned(array: np.ndarray, turn: int) -> np.ndarray:
    array = array[:: -1 if turn & 1 else 1, :: -1 if turn & 2 else 1]
    return np.swapaxes(array, 0, 1) if turn & 4 else array
