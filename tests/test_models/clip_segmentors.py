"""Small segmentors of clips, and batches for them."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from torch import nn

from mmirstd.registry import MODELS
from tests.networks import network_model

from mmseg.structures import SegDataSample  # isort: skip


def clip_model(name: str, num_frames: int | None = None, seed: int = 0, **options: Any) -> nn.Module:
    """A network in eval mode, in double precision, on clips of another length; it streams unless options say else."""
    init_default_scope('mmseg')
    cfg = Config(dict(model=network_model(name)))
    if num_frames is not None:
        cfg.model.num_frames = num_frames
        if 'num_frames' in cfg.model.get('temporal_neck', {}):
            cfg.model.temporal_neck.num_frames = num_frames
    cfg.merge_from_dict({f'model.{key}': value for key, value in options.items()})
    torch.manual_seed(seed)
    return MODELS.build(cfg.model).double().eval()


def as_dtum(name: str, num_frames: int = 3, **options: Any) -> nn.Module:
    """A single-frame base model with DTUM, as a config would name it."""
    clips = dict(type='mmirstd.ClipSegDataPreProcessor')
    cfg = {'type': 'mmirstd.DTUM', 'data_preprocessor.type': clips['type'], 'num_frames': num_frames, **options}
    return clip_model(name, **cfg)


def clip_batch(batch: int, num_frames: int, size: int, all_masks: bool = True) -> dict[str, list]:
    """Clips with a target that moves a pixel a frame, as a pipeline packs them."""
    inputs, samples = [], []
    for number in range(batch):
        masks = torch.zeros(num_frames, size, size, dtype=torch.long)
        for time in range(num_frames):
            left = 4 + number + time % (size - 12)
            masks[time, 10:13, left : left + 3] = 1
        inputs.append((0.2 * torch.rand(num_frames, size, size) + 0.8 * masks).unsqueeze(1))
        sample = SegDataSample(metainfo=dict(img_shape=(size, size), ori_shape=(size, size), pad_shape=(size, size)))
        sample.gt_sem_seg = PixelData(data=masks if all_masks else masks[-1:])
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)


def key_sample(height: int, width: int, number: int = 0, first: bool = True, **meta: Any) -> SegDataSample:
    """The sample of a streamed frame."""
    sides = dict(img_shape=(32, 32), ori_shape=(height, width))
    return SegDataSample(metainfo=dict(sides, video_id=1, frame_id=number, is_first=first, **meta))
