"""Tiny clip detectors and inputs for tests."""

from __future__ import annotations

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import nn

from mmirstd.registry import MODELS
from tests.networks import network_model

from mmdet.structures import DetDataSample  # isort: skip


def tiny_config(num_frames: int = 5, in_channels: int = 1, **options: object) -> dict:
    """SSTNet of 16 channels at P3, or the single-frame detector of the same parts for ``num_frames=1``."""
    init_default_scope('mmdet')
    name = 'sstnet' if num_frames > 1 else 'yolox'
    model = network_model(name)
    model.backbone.update(in_channels=in_channels, widen_factor=1 / 16, deepen_factor=0.1)
    model.neck.in_channels = [16, 32, 64]
    model.bbox_head.update(in_channels=8, feat_channels=8)
    if num_frames > 1:
        model.num_frames = num_frames
        model.temporal_neck.update(in_channels=16, out_channels=8, num_frames=num_frames)
        model.motion_branch.update(in_channels=in_channels, feat_channels=16, num_frames=num_frames, channels=8)
    else:
        model.neck.out_channels = 8
    model.update(options)
    return model


def noise(batch: int, num_frames: int, channels: int, height: int, width: int) -> torch.Tensor:
    """Clips (B, T, C, H, W) in [0, 1] with structure at all scales."""
    shape = (batch * num_frames, 1, height, width)
    layers = [nn.functional.interpolate(torch.rand(shape[0], 1, side, side), size=shape[2:]) for side in (1, 2, 4, 8)]
    frames = (sum(layers) + torch.rand(shape)) / 5
    return frames.expand(-1, channels, -1, -1).reshape(batch, num_frames, channels, height, width)


def model_channels(model: nn.Module) -> int:
    """Channels of the images a detector takes."""
    return model.backbone.stem.conv.in_channels // 4


def tiny_detector(num_frames: int = 5, seed: int = 0, **options: object) -> nn.Module:
    """A built detector in eval mode whose features have a normal size, so that its scores are not all alike."""
    torch.manual_seed(seed)
    model = MODELS.build(tiny_config(num_frames, **options))
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        # In training mode this sets the running statistics to those of the noise.
        model.train()(noise(8, num_frames, model_channels(model), 64, 64), mode='tensor')
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
        norm.running_var.clamp_(min=0.2)  # an almost constant channel must not amplify another input's noise
    return model.eval()


def two_classes(folder: Path, classes: tuple[str, ...] | None = ('drone', 'bird')) -> tuple[Config, str]:
    """The config of a single-frame detector of two classes, and a checkpoint that finds both in many places.

    Args:
        folder: For the checkpoint.
        classes: What the checkpoint says it was trained on; None: nothing.
    """
    cfg = Config(dict(model=tiny_config(1)))
    cfg.model.bbox_head.num_classes = 2
    weights = tiny_detector(1, bbox_head=cfg.model.bbox_head).state_dict()
    scores = weights['bbox_head.multi_level_conv_cls.0.weight']
    scores[:] = torch.stack([scores[0] - scores[0].mean(), scores[0].mean() - scores[0]])
    for name in ('cls', 'obj'):
        weights[f'bbox_head.multi_level_conv_{name}.0.bias'][:] = 2.0
    file = folder / ('bare.pth' if classes is None else 'trained.pth')
    torch.save(dict(state_dict=weights, meta={} if classes is None else dict(dataset_meta=dict(classes=classes))), file)
    return cfg, str(file)


def sample(boxes: list[list[float]] | None = None, **meta: object) -> DetDataSample:
    """A data sample with boxes (x1, y1, x2, y2) in pixels of class 0."""
    result = DetDataSample(metainfo=dict(scale_factor=(1.0, 1.0), **meta))
    bboxes = torch.tensor(boxes or [], dtype=torch.float32).reshape(-1, 4)
    result.gt_instances = InstanceData(bboxes=bboxes, labels=torch.zeros(len(bboxes), dtype=torch.long))
    return result
