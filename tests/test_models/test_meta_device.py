"""No network makes tensors on another device than its own, and none makes a GPU wait for the CPU within a step.

On PyTorch's meta device tensors have a shape and no numbers.  A step that needs a number of a tensor to go on
(``item``, ``if tensor``, ``nonzero``, a mask as index) fails there, as does one that mixes devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from mmirstd.engine.config_names import networks
from mmirstd.models.auxiliary_loss import attach_auxiliary_losses
from mmirstd.models.losses import (
    BinaryCrossEntropyLoss,
    CornerFocalLoss,
    DGRLoss,
    DiceLoss,
    EdgeMiningLoss,
    ISNetEdgeLoss,
    LogitMarginLoss,
    SLSIoULoss,
    SoftIoULoss,
)
from mmirstd.models.segmentors import ClassicalSegmentor, MultiFrameSegmentor
from mmirstd.registry import MODELS
from tests.networks import network_model
from tests.test_models.clip_models import sample

META = torch.device('meta')


def base_models(scope: str) -> list[str]:
    """Learned networks of the configs for one of mmseg and mmdet."""
    init_default_scope(scope)
    names = []
    for name in networks():
        kind = network_model(name).type
        built = MODELS.get(kind)
        is_segmentor = kind == 'EncoderDecoder' or isinstance(built, type) and issubclass(built, MultiFrameSegmentor)
        if is_segmentor == (scope == 'mmseg') and not (
            isinstance(built, type) and issubclass(built, ClassicalSegmentor)
        ):
            names.append(name)
    return names


def network(name: str, scope: str) -> nn.Module:
    """Built on the CPU and moved, as a runner does."""
    init_default_scope(scope)
    return MODELS.build(network_model(name)).to(META)


class OnOneDevice(TorchDispatchMode):
    """Fails where an operation takes or returns a tensor on the CPU that is more than one number."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict | None = None) -> Any:
        """Run the operation and look at what it took and returned."""
        out = func(*args, **(kwargs or {}))
        tensors = [x for x in torch.utils._pytree.tree_leaves((args, kwargs, out)) if isinstance(x, Tensor)]
        stray = [tuple(x.shape) for x in tensors if x.device != META and x.ndim]
        assert not stray, f'{func} on tensors of shapes {stray} on the CPU'
        return out


def masks(size: int = 64, frames: int = 1) -> list[SegDataSample]:
    meta = dict(img_shape=(size, size), ori_shape=(size, size), pad_shape=(size, size))
    meta.update(video_id=1, frame_id=0, is_first=True)
    return [
        SegDataSample(
            metainfo=meta, gt_sem_seg=PixelData(data=torch.zeros(frames, size, size, dtype=torch.long, device=META))
        )
        for _ in range(2)
    ]


def check_gradients(model: nn.Module) -> None:
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(gradient.device == META for gradient in gradients)


@pytest.mark.parametrize('name', base_models('mmseg'))
def test_segmentation(name: str) -> None:
    model = network(name, 'mmseg')
    frames = getattr(model, 'num_frames', 0)
    images = torch.empty(2, *([frames] if frames else []), 1, 64, 64, device=META)
    with OnOneDevice():
        losses = model.train()(images, masks(frames=max(frames, 1)), mode='loss')
        sum(losses.values()).backward()
    check_gradients(model)
    with OnOneDevice(), torch.no_grad():
        assert model.eval()(images, mode='tensor').device == META
        for result in model(images, masks(), mode='predict'):
            assert result.seg_logits.data.device == result.pred_sem_seg.data.device == META


@pytest.mark.parametrize('name', base_models('mmdet'))
def test_detection(name: str) -> None:
    """All but the head's loss: YOLOX's SimOTA chooses its samples by value, and so must look at them."""
    model = network(name, 'mmdet')
    attach_auxiliary_losses(model)  # a neck's own, as the hook does
    clips = torch.empty(2, model.input_frames, 1, 64, 64, device=META)
    with OnOneDevice():
        feats = model.train().extract_clip_feats(clips)
        loss = sum(x.mean() for level in model.bbox_head(model.couple(feats)) for x in level)
        if model.motion_branch is not None:
            loss = loss + sum(model.motion_branch.loss(clips, feats).values())
        loss.backward()
    check_gradients(model)
    with OnOneDevice(), torch.no_grad():
        outputs = model.eval()(clips, mode='tensor')
    assert all(x.device == META for level in outputs for x in level)


@pytest.mark.parametrize(
    'loss',
    [
        BinaryCrossEntropyLoss(),
        BinaryCrossEntropyLoss(avg_non_ignore=True),
        CornerFocalLoss(),
        CornerFocalLoss(soft_positives=True),
        DiceLoss(),
        EdgeMiningLoss(),
        ISNetEdgeLoss(),
        LogitMarginLoss(),
        SLSIoULoss(warm_epoch=-1),
        SLSIoULoss(warm_epoch=-1, by_area=True),
        SoftIoULoss(),
        SoftIoULoss(per_sample=False),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_losses(loss: nn.Module) -> None:
    logits = torch.empty(2, 1, 16, 16, device=META, requires_grad=True)
    with OnOneDevice():
        loss(logits, torch.zeros(2, 16, 16, dtype=torch.long, device=META)).backward()
    assert logits.grad.device == META


@pytest.mark.parametrize('targets', ['boxes', 'masks'])
@pytest.mark.parametrize(
    'options',
    [
        dict(form='feature'),
        dict(form='feature', weight=dict(source='magnitude')),
        dict(form='feature', weight=dict(source='targets')),
        dict(form='gradient'),
    ],
    ids=str,
)
def test_directional_gradient_regularization(options: dict, targets: str) -> None:
    loss = DGRLoss(in_channels=[4, 4], **options).to(META)
    levels = [torch.empty(2, 4, 16 >> i, 16 >> i, device=META, requires_grad=True) for i in range(2)]
    samples = masks() if targets == 'masks' else [sample([[3, 4, 8, 9]]) for _ in range(2)]
    if targets == 'boxes':
        for one in samples:
            one.gt_instances = one.gt_instances.to(META)
    with OnOneDevice():
        loss(levels, sum(x.square().sum() for x in levels), samples, (64, 64)).backward()
    assert any(level.grad is not None for level in levels)


# The test itself finds what it looks for.


class Careless(nn.Module):
    """Does one thing wrong."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault
        self.table = torch.ones(3)  # no buffer: it stays behind when the module moves

    def forward(self, x: Tensor) -> Tensor:
        if self.fault == 'device':
            return x + torch.arange(3.0)
        if self.fault == 'copied':
            return x + torch.arange(3.0).to(x)
        if self.fault == 'not a buffer':
            return x * self.table
        if self.fault == 'branch':
            return x if x.sum() > 0 else -x
        if self.fault == 'item':
            return x / x.sum().item()
        if self.fault == 'mask':
            return x[x > 0]
        return x.repeat_interleave(torch.tensor([1, 2, 3], device=x.device))


@pytest.mark.parametrize('fault', ['device', 'copied', 'not a buffer', 'branch', 'item', 'mask', 'repeat'])
def test_faults_are_found(fault: str) -> None:
    module = Careless(fault).to(META)
    with pytest.raises((RuntimeError, NotImplementedError, AssertionError)), OnOneDevice():
        module(torch.empty(3, device=META))
