"""Random change of scale: the same scene from another distance or through another lens."""

from __future__ import annotations

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.datasets.soft_masks import hard_mask
from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomRescale(BaseTransform):
    """Resize image and mask by a random factor; put a crop of fixed size behind it.

    mmcv's ``RandomResize`` scales to a size that all images share; this one
    scales from each image's own, and looks after small targets: the mask is
    resized as a coverage (bilinear, or area-weighted when shrinking) and cut at
    one half, and a target that would vanish keeps one pixel at its center.

    Required keys: ``img`` (H, W) float32, ``gt_seg_map`` (H, W) optional.
    Modified keys: both, ``img_shape``, ``pad_shape``.

    Args:
        prob: Probability in [0, 1].
        ratio: Smallest and largest factor; drawn uniformly in its logarithm, so
            that enlarging and shrinking are equally likely for (1 / r, r).
    """

    def __init__(self, prob: float = 0.5, ratio: tuple[float, float] = (0.6, 1.8)) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        if not 0 < ratio[0] <= ratio[1]:
            raise ValueError(f'ratio is {ratio}; expected 0 < low <= high')
        self.prob = prob
        self.ratio = tuple(ratio)

    def transform(self, results: dict) -> dict:
        """Resize, or not."""
        factor = self._draw()
        if factor is None:
            return results
        height, width = results['img'].shape[:2]
        size = max(1, round(height * factor)), max(1, round(width * factor))
        results['img'] = resize_image(results['img'], size)
        if results.get('gt_seg_map') is not None:
            results['gt_seg_map'] = resize_mask(results['gt_seg_map'], size)
        results['img_shape'] = results['pad_shape'] = size
        return results

    @cache_randomness
    def _draw(self) -> float | None:
        """The factor."""
        if np.random.rand() >= self.prob:
            return None
        return float(np.exp(np.random.uniform(*np.log(self.ratio))))

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob}, ratio={self.ratio})'


def resize_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an (H, W) image to ``size`` (height, width): bilinear, or area-weighted when shrinking."""
    shrinks = size[0] < image.shape[0]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an (H, W) mask to ``size`` (height, width) as a coverage; no target vanishes.

    uint8 {0, 1} stays such; a soft mask, float32 in [0, 1], stays soft.
    """
    soft = resize_image(mask.astype(np.float32), size)
    resized = soft if mask.dtype.kind == 'f' else (soft >= 0.5).astype(np.uint8)
    scale = np.array(size) / mask.shape[:2]
    count, _, stats, centroids = cv2.connectedComponentsWithStats(hard_mask(mask), connectivity=8)
    for (left, top, width, height, _), centroid in zip(stats[1:count], centroids[1:count]):
        low = np.floor(np.array((top, left)) * scale).astype(int)
        high = np.ceil(np.array((top + height, left + width)) * scale).astype(int)
        if not hard_mask(resized[low[0] : high[0], low[1] : high[1]]).any():
            row, column = np.minimum(((centroid[::-1] + 0.5) * scale).astype(int), np.array(size) - 1)
            resized[row, column] = 1
    return resized
