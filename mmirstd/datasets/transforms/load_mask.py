"""Load the binary target mask that belongs to an image."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
from mmcv.transforms import BaseTransform

from mmirstd.datasets.image_io import read_mask
from mmirstd.datasets.mask_values import check_mask_rule
from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import DataError


@TRANSFORMS.register_module()
class LoadTargetMask(BaseTransform):
    """Load ``seg_map_path`` as a mask of the image's native size.

    The mask must be as large as the image as it is on disk.  A test
    pipeline may resize the image before this step: the mask stays native, and
    mmseg's segmentor brings the prediction back to that size.

    Required keys: ``seg_map_path``, ``ori_shape``; optional: ``raw_cache``,
    ``mask_size_mismatch``, ``mask_rule`` (set by ``SIRSTDataset``).
    Added keys: ``gt_seg_map`` (H, W) uint8 {0, 1}; ``seg_fields`` gets its name.

    Args:
        mask_size_mismatch: ``'error'`` or ``'resize'`` (nearest neighbor);
            None: what the data set says, and else ``'error'``.
        mask_rule: Which values are target, see :data:`mmirstd.datasets.mask_values.MASK_RULES`; None: what the data
            set says, and else ``'auto'``.

    Raises:
        DataError: The file cannot be read, its values cannot be understood, or its size is not the image's.
    """

    def __init__(
        self, mask_size_mismatch: str | None = None, mask_rule: str | int | Sequence[int] | None = None
    ) -> None:
        if mask_size_mismatch not in (None, 'error', 'resize'):
            raise ValueError(f"mask_size_mismatch is {mask_size_mismatch!r}; expected 'error', 'resize' or None")
        self.mask_size_mismatch = mask_size_mismatch
        self.mask_rule = None if mask_rule is None else check_mask_rule(mask_rule)

    def transform(self, results: dict) -> dict:
        """Load, check and binarize one mask."""
        path = results.get('seg_map_path')
        if path is None:
            raise DataError(
                f'{results.get("img_path") or "the image"}: has no mask (data_prefix.seg_map_path of the '
                'data set is None), which training and metrics need; a pipeline for images alone leaves '
                'mmirstd.LoadTargetMask out'
            )
        cache = results.get('raw_cache')
        rule = self.mask_rule or results.get('mask_rule', 'auto')
        mask = (read_mask if cache is None else cache.mask)(path, rule).copy()
        height, width = results['ori_shape'][:2]  # a test pipeline may have resized the image already
        if mask.shape != (height, width):
            policy = self.mask_size_mismatch or results.get('mask_size_mismatch', 'error')
            if policy == 'error':
                raise DataError(
                    f'{path}: the mask has {mask.shape[0]}x{mask.shape[1]} pixels (height x width), but its image '
                    f'{results.get("img_path")} has {height}x{width}; expected equal sizes. Correct the file, or set '
                    "mask_size_mismatch='resize' on the data set to resize such masks (nearest neighbor)"
                )
            mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
        results['gt_seg_map'] = mask
        results.setdefault('seg_fields', []).append('gt_seg_map')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(mask_size_mismatch={self.mask_size_mismatch!r}, mask_rule={self.mask_rule!r})'
