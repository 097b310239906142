"""Let the results of mmseg's test-time augmentation hold what was merged.

``SegTTAModel`` averages the views of an image into ``pred_sem_seg`` and leaves ``seg_logits`` as those of the last
view, so that a metric which reads them measures that view alone. Of a network with one output channel, whose
``seg_logits`` are probabilities already, it takes the sigmoid again, and nearly each pixel is above a threshold of 0.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .target_logits import FIELD


def keep_merged_views(original: Callable, tta_model: Any, data_samples_list: list) -> list:
    """mmseg's ``SegTTAModel.merge_preds``, whose samples hold the mean of the views.

    Args:
        original: mmseg's own.
        tta_model: Its ``module`` is the network.
        data_samples_list: The samples of each image's views, turned back and of one size.

    Returns:
        One sample an image. ``seg_logits`` is the mean probability (1, H, W) of one channel, and of C channels
        the logarithm (C, H, W) of the mean softmax; ``pred_sem_seg`` is decided by it. There are no target logits,
        which would be those of one view.
    """
    import torch
    from mmengine.structures import PixelData

    maps = []
    for views in data_samples_list:
        values = torch.stack([view.seg_logits.data for view in views])
        one_channel = values.shape[1] == 1
        maps.append(values.mean(dim=0) if one_channel else _log_mean(values.softmax(dim=1)))
    samples: list = original(tta_model, data_samples_list)
    for values, sample in zip(maps, samples):
        sample.set_data({'seg_logits': PixelData(data=values)})
        if FIELD in sample:
            del sample.target_logits
        if len(values) == 1:
            decided = (values > tta_model.module.decode_head.threshold).to(values)
            sample.set_data({'pred_sem_seg': PixelData(data=decided)})
    return samples


def _log_mean(shares: Any) -> Any:
    """(views, C, H, W) in [0, 1] -> (C, H, W), finite."""
    import torch

    return shares.mean(dim=0).clamp_min(torch.finfo(shares.dtype).tiny).log()
