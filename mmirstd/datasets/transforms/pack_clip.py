"""Pack a clip and its key frame's boxes for a detector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mmirstd.registry import TRANSFORMS  # before mmdet: puts the stand-in for missing mmcv ops in place

from mmdet.datasets.transforms import PackDetInputs  # isort: skip

#: What goes into a data sample's metainfo, where the pipeline has it.
CLIP_META_KEYS = (
    'img_id',
    'img_path',
    'ori_shape',
    'img_shape',
    'pad_shape',
    'scale_factor',
    'pad_param',
    'flip',
    'flip_direction',
    'video_id',
    'video',
    'frame_id',
    'frame_ids',
    'num_frames',
    'is_first',
    'is_last',
    'is_key_frame',
    'instances',
    'category_ids',
)


@TRANSFORMS.register_module()
class PackClipInputs(PackDetInputs):
    """``inputs`` (T, 1, H, W) float32, key frame last, and mmdet's ``DetDataSample`` for the key frame.

    Always four dimensions, with T = 1 as well. For a single-frame detector of mmdet use its own ``PackDetInputs`` with
    a data set of ``num_frames=1``: its ``inputs`` are then (1, H, W).

    ``instances`` in the metainfo are the boxes as annotated, in pixels of the original image: what
    ``mmirstd.MovingTargetMetric`` evaluates against.  ``aligned`` says that ``mmirstd.AlignClip`` moved past frames.

    Args:
        meta_keys: What goes into the metainfo, where the pipeline has it.
    """

    def __init__(self, meta_keys: Sequence[str] = CLIP_META_KEYS) -> None:
        super().__init__(meta_keys=tuple(meta_keys))

    def transform(self, results: dict) -> dict:
        """Pack one sample."""
        results = dict(results)
        image = results.pop('img')
        packed = super().transform(results)
        clip = image[None] if image.ndim == 2 else image.transpose(2, 0, 1)
        if results.get('aligned'):
            packed['data_samples'].set_metainfo(dict(aligned=True))
        packed['inputs'] = torch.from_numpy(np.ascontiguousarray(clip)).unsqueeze(1)
        return packed
