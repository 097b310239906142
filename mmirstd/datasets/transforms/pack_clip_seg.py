"""Pack a clip and the masks of its frames for a segmentor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData

from mmirstd.registry import TRANSFORMS

from mmseg.structures import SegDataSample  # isort: skip

from .pack_clip import CLIP_META_KEYS

#: What goes into a data sample's metainfo, where the pipeline has it.
CLIP_SEG_META_KEYS = (
    *CLIP_META_KEYS,
    'aligned',
    'img_paths',
    'frame_instances',
    'frame_is_key',
    'mask_path',
    'padding_size',
)


@TRANSFORMS.register_module()
class PackClipSegInputs(BaseTransform):
    """``inputs`` (T, 1, H, W) float32, key frame last, and mmseg's ``SegDataSample``.

    ``gt_sem_seg`` is (1, H, W), the key frame's mask, or (T, H, W), a mask of each frame: as ``mmirstd.LoadClipMasks``
    loaded them.  ``instances`` in the metainfo are the key frame's boxes as annotated.

    Args:
        meta_keys: What goes into the metainfo, where the pipeline has it.
    """

    def __init__(self, meta_keys: Sequence[str] = CLIP_SEG_META_KEYS) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack one sample."""
        sample = SegDataSample(metainfo={key: results[key] for key in self.meta_keys if key in results})
        if 'gt_seg_map' in results:
            sample.gt_sem_seg = PixelData(data=_frames_first(results['gt_seg_map']).long())
        return dict(inputs=_frames_first(results['img']).unsqueeze(1), data_samples=sample)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(meta_keys={self.meta_keys})'


def _frames_first(clip: np.ndarray) -> torch.Tensor:
    """(H, W) or (H, W, T) -> (T, H, W)."""
    frames = clip[None] if clip.ndim == 2 else clip.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(frames))
