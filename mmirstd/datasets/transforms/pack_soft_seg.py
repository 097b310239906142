"""Pack an image and its mask, which may be soft."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.datasets.transforms import PackSegInputs

from mmirstd.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackSoftSegInputs(PackSegInputs):
    """mmseg's ``PackSegInputs``, which makes masks integers, for masks of float32 in [0, 1].

    ``gt_sem_seg`` is float32 in any case, so that a batch may hold hard and soft masks.

    Required keys: ``img`` (H, W), ``gt_seg_map`` (H, W) optional.
    """

    def transform(self, results: dict) -> dict:
        """Pack one image."""
        packed = super().transform(results)
        if 'gt_seg_map' in results:
            mask = np.ascontiguousarray(results['gt_seg_map'], np.float32)
            packed['data_samples'].gt_sem_seg = PixelData(data=torch.from_numpy(mask)[None])
        return packed
