"""Load an infrared image as one normalized channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from mmcv.transforms import BaseTransform

from mmirstd.datasets.gray_normalization import GrayNormalization
from mmirstd.datasets.gray_normalization import normalize as normalize
from mmirstd.datasets.image_io import plain_type, read_image, to_one_channel
from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import DataError
from mmirstd.utils.renamed import renamed_arguments, renamed_attribute, renamed_names

if not TYPE_CHECKING:
    __getattr__ = renamed_names(__name__, {'normalise': 'normalize'})


@TRANSFORMS.register_module()
@renamed_arguments(say=True, normalise='normalize')
class LoadInfraredImage(GrayNormalization, BaseTransform):
    """Load ``img_path`` as one channel, float32, about [0, 1].

    Gray, RGB, RGBA; 8 or 16 bits or float; PNG, BMP, TIFF, JPEG, PGM, GIF, WEBP
    (:func:`mmirstd.datasets.image_io.read_image`).  An array already under
    ``img`` (inference on arrays) is normalized in place of a file's content.

    Required keys: ``img_path`` (or ``img``), ``raw_cache`` (optional).
    Added keys: ``img`` (H, W) float32, ``img_shape``, ``ori_shape``,
    ``pad_shape`` (all (H, W)), ``scale_factor`` (1.0, 1.0).

    Args:
        normalize: ``'fixed'``, ``'minmax'``, ``'maximum'``, ``'percentile'`` or ``'robust'``, see :func:`normalize`.
        bit_depth, max_value, percentiles: As in :func:`normalize`.
        nonfinite: What to do with NaN and infinity in float images: ``'error'``
            or ``'median'`` (replace them by the median of the finite pixels).
        invert: 1 - image after normalization: targets darker than what is behind them, as a black-hot camera shows
            them, for a model that knows bright ones.

    Raises:
        DataError: The file cannot be read, or its values do not fit the normalization.
    """

    normalise = renamed_attribute('normalise', 'normalize')
    normalised = renamed_attribute('normalised', 'normalized')

    def transform(self, results: dict) -> dict:
        """Load and normalize one image."""
        path = results.get('img_path') or 'the given array'
        if results.get('img') is not None:
            raw = _one_channel_array(results['img'])
        else:
            cache = results.get('raw_cache')
            raw = read_image(path) if cache is None else cache.image(path)
        if raw.dtype.kind == 'f':
            raw = self.repair_nonfinite(raw, path)
        results['img'] = image = self.normalized(raw, path)
        results['img_shape'] = results['ori_shape'] = results['pad_shape'] = image.shape
        results['scale_factor'] = (1.0, 1.0)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(normalize={self.normalize!r}, bit_depth={self.bit_depth}, '
            f'max_value={self.max_value}, percentiles={self.percentiles}, nonfinite={self.nonfinite!r}, '
            f'invert={self.invert})'
        )


def _one_channel_array(array: np.ndarray) -> np.ndarray:
    if array.ndim not in (2, 3):
        raise DataError(f'an image array of shape {array.shape}; expected (H, W) or (H, W, C)')
    return to_one_channel(plain_type(array, 'the given array'))
