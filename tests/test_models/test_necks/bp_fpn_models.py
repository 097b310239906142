"""Small stock detectors and segmentors, with data, for the tests of BP-FPN."""

from __future__ import annotations

import copy
import logging

import torch
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData, PixelData

import mmirstd.registry  # noqa: F401
from mmirstd.models.auxiliary_loss import attach_auxiliary_losses

SIZE = 64
FPN = dict(type='mmdet.FPN', in_channels=[32, 64, 128], out_channels=16, num_outs=3)
PAFPN = dict(FPN, type='mmdet.PAFPN')
YOLOX = dict(type='mmdet.YOLOXPAFPN', in_channels=[32, 64, 128], out_channels=16, num_csp_blocks=1)
CSPNEXT = dict(YOLOX, type='mmdet.CSPNeXtPAFPN')
CSP = dict(type='mmirstd.CSPFPN', in_channels=[32, 64, 128], out_levels=(0, 1, 2), out_channels=16)
CHAIN = [FPN, dict(type='mmdet.BFP', in_channels=16, num_levels=3, refine_level=1)]
PYRAMIDS = dict(FPN=FPN, PAFPN=PAFPN, YOLOXPAFPN=YOLOX, CSPNeXtPAFPN=CSPNEXT, CSPFPN=CSP)
# CSPDarknet at widen factor 1/8: 8, 16, 32, 64, 128 channels, strides 2 to 32
BACKBONE = dict(type='mmdet.CSPDarknet', deepen_factor=0.01, widen_factor=0.125, out_indices=(2, 3, 4))
FURTHER = (1, 2, 3, 4)


def fcos(neck: dict, further: bool = False, seed: int = 0, levels: int = 3) -> torch.nn.Module:
    """mmdet's stock FCOS, initialized from a seed, in training mode."""
    from mmdet.registry import MODELS

    backbone = dict(BACKBONE, out_indices=FURTHER) if further else BACKBONE
    torch.manual_seed(seed)
    cfg = dict(
        type='FCOS',
        backbone=backbone,
        neck=neck,
        bbox_head=dict(
            type='FCOSHead',
            num_classes=1,
            in_channels=16,
            stacked_convs=1,
            feat_channels=16,
            strides=[8, 16, 32][:levels],
            regress_ranges=((-1, 8), (8, 16), (16, 1e8))[:levels],
            norm_cfg=dict(type='GN', num_groups=4),
        ),
        test_cfg=dict(
            nms_pre=10, min_bbox_size=0, score_thr=0.0, nms=dict(type='nms', iou_threshold=0.5), max_per_img=5
        ),
    )
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(ConfigDict(copy.deepcopy(cfg)))
    logging.disable(logging.INFO)  # a line for each parameter
    model.init_weights()
    logging.disable(logging.NOTSET)
    attach_auxiliary_losses(model)
    return model.train()


def det_batch(size: int = SIZE, seed: int = 1, batch: int = 2) -> dict:
    """Images and boxes of several scales, so that every level has targets."""
    from mmdet.structures import DetDataSample

    generator = torch.Generator().manual_seed(seed)
    samples = []
    for _ in range(batch):
        sample = DetDataSample(
            metainfo=dict(
                img_shape=(size, size),
                ori_shape=(size, size),
                pad_shape=(size, size),
                scale_factor=(1.0, 1.0),
                batch_input_shape=(size, size),
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor([[2.0, 2.0, 9.0, 9.0], [12.0, 12.0, 34.0, 36.0], [1.0, 1.0, 60.0, 62.0]]),
            labels=torch.zeros(3, dtype=torch.long),
        )
        sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long))
        samples.append(sample)
    return dict(inputs=torch.randn(batch, 3, size, size, generator=generator), data_samples=samples)


def seg_batch(size: int = SIZE, seed: int = 1, batch: int = 2, classes: int = 2) -> dict:
    """Images and masks."""
    from mmseg.structures import SegDataSample

    generator = torch.Generator().manual_seed(seed)
    samples = []
    for _ in range(batch):
        sample = SegDataSample(
            metainfo=dict(
                img_shape=(size, size), ori_shape=(size, size), pad_shape=(size, size), padding_size=(0, 0, 0, 0)
            )
        )
        sample.gt_sem_seg = PixelData(data=torch.randint(0, classes, (1, size, size), generator=generator))
        samples.append(sample)
    return dict(inputs=torch.randn(batch, 3, size, size, generator=generator), data_samples=samples)


def losses_of(model: torch.nn.Module, batch: dict) -> dict:
    """The loss dict of a training pass, as train_step gets it."""
    return model(**copy.deepcopy(batch), mode='loss')


def gradients(model: torch.nn.Module, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    """Gradients by parameter name, of those that have one."""
    model.zero_grad()
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
