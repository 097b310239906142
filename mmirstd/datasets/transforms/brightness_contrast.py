"""Random offset and gain: a camera's automatic level and span."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomBrightnessContrast(BaseTransform):
    """``mean + gain * (img - mean) + offset``, drawn anew for each image.

    Infrared cameras choose offset and gain per scene, so their absolute values
    carry little.  Values may leave [0, 1]; they are not clipped, since clipping
    would flatten bright targets.

    Required and modified key: ``img`` (H, W) float32.

    Args:
        prob: Probability in [0, 1].
        brightness: The offset is uniform in [-brightness, brightness], in units of the full range.
        contrast: The gain is uniform in [1 - contrast, 1 + contrast].
    """

    def __init__(self, prob: float = 0.5, brightness: float = 0.1, contrast: float = 0.2) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        if brightness < 0 or not 0 <= contrast < 1:
            raise ValueError(
                f'brightness is {brightness} and contrast {contrast}; expected brightness >= 0 and contrast in [0, 1)'
            )
        self.prob = prob
        self.brightness = brightness
        self.contrast = contrast

    def transform(self, results: dict) -> dict:
        """Change offset and gain, or not."""
        change = self._draw()
        if change is not None:
            offset, gain = change
            image = results['img']
            mean = float(image.mean())
            image = image * np.float32(gain)
            image += np.float32(mean * (1 - gain) + offset)
            results['img'] = image
        return results

    @cache_randomness
    def _draw(self) -> tuple[float, float] | None:
        """Offset and gain."""
        if np.random.rand() >= self.prob:
            return None
        return (
            np.random.uniform(-self.brightness, self.brightness),
            np.random.uniform(1 - self.contrast, 1 + self.contrast),
        )

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob}, brightness={self.brightness}, contrast={self.contrast})'
