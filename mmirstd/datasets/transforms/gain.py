"""Random gain and offset of a camera, at the bit depth of its files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmirstd.datasets.gray_normalization import normalize
from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomGain(BaseTransform):
    """The image as a camera of another gain and offset would have stored it, read as such a file is read.

    The image's values become codes that fill a random share of the code range, from a random offset on, and are
    rounded. Then they are normalized as inference does with files of that kind
    (:func:`mmirstd.datasets.gray_normalization.automatic_way`): codes of 8 bits are divided by 255, so the image
    arrives with few gray levels and little contrast; codes of more bits are stretched, so it arrives with the range it
    had, and with the steps of its codes. ``RandomBrightnessContrast`` rounds nothing and knows no bit depth.

    Put it behind the loading steps: the stretch is that of the whole image, as in inference.

    Required and modified key: ``img`` (H, W) or (H, W, T) float32, finite; a constant image stays as it is.

    Args:
        prob: Probability in [0, 1].
        gain: Least and greatest share of the code range that the image's values fill, drawn uniformly in its logarithm.
        offset: Least and greatest place of the image's minimum, as a share of what the gain leaves free.
        bit_depths: Bits of the codes, 8 to 16, each with the same chance.
    """

    def __init__(
        self,
        prob: float = 0.5,
        gain: tuple[float, float] = (0.05, 1.0),
        offset: tuple[float, float] = (0.0, 1.0),
        bit_depths: Sequence[int] = (8, 14),
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob is {prob}; expected a probability')
        if not 0 < gain[0] <= gain[1] <= 1:
            raise ValueError(f'gain is {gain}; expected 0 < low <= high <= 1')
        if not 0 <= offset[0] <= offset[1] <= 1:
            raise ValueError(f'offset is {offset}; expected 0 <= low <= high <= 1')
        if not bit_depths or not all(isinstance(bits, int) and 8 <= bits <= 16 for bits in bit_depths):
            raise ValueError(f'bit_depths are {bit_depths}; expected some of 8 to 16')
        self.prob = prob
        self.gain = (float(gain[0]), float(gain[1]))
        self.offset = (float(offset[0]), float(offset[1]))
        self.bit_depths = tuple(bit_depths)

    def transform(self, results: dict) -> dict:
        """Store and read the image anew, or not."""
        drawn = self._draw()
        image = results['img']
        low, high = float(image.min()), float(image.max())
        if drawn is None or high <= low:
            return results
        gain, offset, bits = drawn
        codes = (image - low) / (high - low) * gain + offset * (1 - gain)
        codes = np.rint(codes * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
        results['img'] = normalize(codes, 'auto')
        return results

    @cache_randomness
    def _draw(self) -> tuple[float, float, int] | None:
        """Gain, offset and bits."""
        if np.random.rand() >= self.prob:
            return None
        return (
            float(np.exp(np.random.uniform(*np.log(self.gain)))),
            float(np.random.uniform(*self.offset)),
            self.bit_depths[np.random.randint(len(self.bit_depths))],
        )

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(prob={self.prob}, gain={self.gain}, offset={self.offset}, '
            f'bit_depths={self.bit_depths})'
        )
