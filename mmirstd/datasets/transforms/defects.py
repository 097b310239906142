"""Random defective pixels of a sensor, which are no targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS

from .free_window import near_targets

KINDS = ('dead', 'hot', 'blinking')
#: A flat image, whose range says nothing, gets defects as strong as in one of this range.
_LEAST_RANGE = 0.02


class _Defects(NamedTuple):
    """What is drawn, N each: place in the image as a share of its sides, kind, contrast; and a seed of the blinking."""

    places: np.ndarray
    kinds: np.ndarray
    contrasts: np.ndarray
    seed: int


@TRANSFORMS.register_module()
class RandomDefects(BaseTransform):
    """Dead, hot and blinking pixels, so that a network learns that a single pixel is no target.

    The optics of a camera blur a point over several pixels, so what fills exactly one is a fault of the sensor. A dead
    pixel is too dark, a hot one too bright, by a random share of the image's range. A blinking one has a random value,
    in a clip another one in each frame; dead and hot pixels stay. The mask stays empty there: no defect is put on a
    target, or so near that it would change what is seen of it.

    Put it behind the steps that resize or blur; a crop may come before or after.

    Required keys: ``img`` (H, W) or (H, W, T) float32; ``gt_seg_map`` (H, W[, T]) optional.
    Modified key: ``img``.

    Args:
        prob: Probability in [0, 1] of any defects.
        density: Least and greatest share of defective pixels, drawn uniformly in its logarithm; at least one pixel.
        contrast: Least and greatest deviation, in units of the image's range, drawn for each pixel uniformly in its
            logarithm. The result stays in [0, 1], or in the image's own range where that is wider.
        kinds: Of ``'dead'``, ``'hot'`` and ``'blinking'``, with equal chance.
        distance: Defects keep more than this many rows or columns from the pixels of targets.
    """

    def __init__(
        self,
        prob: float = 0.5,
        density: tuple[float, float] = (1e-5, 3e-4),
        contrast: tuple[float, float] = (0.1, 1.0),
        kinds: Sequence[str] = KINDS,
        distance: int = 4,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        if not 0 < density[0] <= density[1] <= 1:
            raise ValueError(f'density is {density}; expected 0 < low <= high <= 1')
        if not 0 < contrast[0] <= contrast[1]:
            raise ValueError(f'contrast is {contrast}; expected 0 < low <= high')
        if not kinds or set(kinds) - set(KINDS):
            raise ValueError(f'kinds are {kinds}; expected some of {", ".join(KINDS)}')
        if distance < 0:
            raise ValueError(f'distance is {distance}; expected 0 or more')
        self.prob = prob
        self.density = tuple(density)
        self.contrast = tuple(contrast)
        self.kinds = tuple(kinds)
        self.distance = distance

    def transform(self, results: dict) -> dict:
        """Put defects into the image, or not."""
        image = results['img']
        drawn = self._draw(image.shape[0] * image.shape[1])
        if drawn is None:
            return results
        rows, columns = (drawn.places * image.shape[:2]).astype(int).T
        kinds, contrasts, mask = drawn.kinds, drawn.contrasts, results.get('gt_seg_map')
        if mask is not None:
            kept = near_targets(mask, self.distance)[rows, columns] == 0
            rows, columns, kinds, contrasts = rows[kept], columns[kept], kinds[kept], contrasts[kept]
        low, high = float(image.min()), float(image.max())
        shift = contrasts * max(high - low, _LEAST_RANGE)
        blinking = np.random.Generator(np.random.SFC64(drawn.seed)).standard_normal((*image.shape[2:], len(rows)))
        sign = np.where(kinds == 'hot', 1.0, np.where(kinds == 'dead', -1.0, blinking))
        changed = image.copy()
        values = image[rows, columns] + (sign * shift).T
        changed[rows, columns] = np.clip(values, min(0.0, low), max(1.0, high))
        results['img'] = changed
        return results

    @cache_randomness
    def _draw(self, pixels: int) -> _Defects | None:
        if np.random.rand() >= self.prob:
            return None
        count = max(1, round(pixels * float(np.exp(np.random.uniform(*np.log(self.density))))))
        return _Defects(
            np.random.rand(count, 2),
            np.array(self.kinds)[np.random.randint(len(self.kinds), size=count)],
            np.exp(np.random.uniform(np.log(self.contrast[0]), np.log(self.contrast[1]), count)),
            int(np.random.randint(2**31)),
        )

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(prob={self.prob}, density={self.density}, contrast={self.contrast}, '
            f'kinds={self.kinds}, distance={self.distance})'
        )
