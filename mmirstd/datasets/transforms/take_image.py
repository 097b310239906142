"""The first step for an image that comes from no data set."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import DataError


@TRANSFORMS.register_module()
class TakeImage(BaseTransform):
    """Begin a sample with what a user gave: a path, an array, or a dict with ``img_path`` or ``img``.

    For the inference functions of mmseg and mmdet (:mod:`mmirstd.compat.stock_inference`); ``LoadInfraredImage`` or
    ``LoadClip`` follows and reads either.

    Added keys: ``img_path``, or ``img`` ((H, W) or (H, W, C), BGR as OpenCV reads it; uint8, uint16 or float);
    what makes it a sequence of one frame for a detector: ``img_id``, ``video_id``, ``frame_id`` (0), ``frame_ids``,
    ``is_first``, ``is_last``, ``is_key_frame``.

    Raises:
        DataError: Something else was given.
    """

    def transform(self, results: Any) -> dict:
        """Make the sample."""
        if isinstance(results, np.ndarray):
            results = dict(img=results)
        elif isinstance(results, dict):
            results = dict(results)
        elif hasattr(results, '__fspath__') or isinstance(results, str):
            results = dict(img_path=str(results))
        else:
            raise DataError(f'an image of type {type(results).__name__}; expected a path, or an array (H, W[, C])')
        if results.get('img') is None:
            results.pop('img', None)
        alone = dict(img_id=0, video_id=0, frame_id=0, frame_ids=(0,), is_first=True, is_last=True, is_key_frame=True)
        return {**alone, **results}
