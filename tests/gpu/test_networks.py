"""Every network computes on a GPU what it computes on the CPU."""

from __future__ import annotations

import copy

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmirstd.models.auxiliary_loss import attach_auxiliary_losses
from mmirstd.registry import MODELS
from tests.networks import network_model
from tests.test_models.clip_models import sample
from tests.test_models.test_meta_device import base_models

from mmdet.structures import DetDataSample  # isort: skip

pytestmark = pytest.mark.gpu
SIZE = 64
#: The rounding of float32, 6e-8, times what a deep network makes of it.
EQUAL = 1e-4
#: Other sums of the same terms round differently by this factor at most.
MARGIN = 20
#: What a deep network makes of the rounding of half precision: the loss may move by so many roundings.
HALF = 64


def network(name: str, scope: str) -> nn.Module:
    """Built on the CPU; its batch norms know the statistics of :func:`images`, so that no value vanishes."""
    init_default_scope(scope)
    torch.manual_seed(0)
    model = MODELS.build(network_model(name))
    attach_auxiliary_losses(model)  # a neck's own, as the hook does
    norms = [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(images(model), mode='tensor')
    return model


def images(model: nn.Module) -> Tensor:
    """Two images or clips of a smooth background, noise and a target."""
    frames = getattr(model, 'input_frames', getattr(model, 'num_frames', 0))  # a detector has a clip of one frame, too
    generator = torch.Generator().manual_seed(1)
    scenes = 0.3 + 0.05 * torch.randn(2, *([frames] if frames else []), 1, SIZE, SIZE, generator=generator)
    scenes[..., 30:33, 20:24] += 0.5
    return scenes


def samples(model: nn.Module, device: torch.device) -> list[SegDataSample] | list[DetDataSample]:
    """The masks of :func:`images`, or the boxes."""
    if hasattr(model, 'bbox_head'):
        boxed = [sample([[20, 30, 24, 33]], img_shape=(SIZE, SIZE), batch_input_shape=(SIZE, SIZE)) for _ in range(2)]
        dtype = next(model.parameters()).dtype
        for one in boxed:
            one.gt_instances.bboxes = one.gt_instances.bboxes.to(dtype)
        return [one.to(device) for one in boxed]
    frames = max(1, getattr(model, 'num_frames', 0))
    masks = torch.zeros(frames, SIZE, SIZE, dtype=torch.long, device=device)
    masks[:, 30:33, 20:24] = 1
    shape = dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape'), (SIZE, SIZE))
    about = dict(shape, video_id=1, frame_id=0, is_first=True)
    return [SegDataSample(metainfo=about, gt_sem_seg=PixelData(data=masks)) for _ in range(2)]


def step(model: nn.Module, device: torch.device) -> tuple[Tensor, Tensor]:
    """Loss and gradient norm of a training step, on the CPU."""
    model.train().zero_grad()
    torch.manual_seed(2)  # dropout
    inputs = images(model).to(device, next(model.parameters()).dtype)
    losses = model(inputs, samples(model, device), mode='loss')
    loss, _ = model.parse_losses(losses)
    loss.backward()
    grads = [p.grad.double().square().sum().cpu() for p in model.parameters() if p.grad is not None]
    return loss.detach().cpu(), torch.stack(grads).sum().sqrt()


def check(model: nn.Module, device: torch.device, channels_last: bool) -> None:
    """Float32 on the device is as near to float64 as float32 on the CPU is, or nearer than :data:`EQUAL`."""
    inputs = images(model)
    exact_model = copy.deepcopy(model).double()
    there = copy.deepcopy(model).to(device)
    with torch.no_grad():
        exact = leaves(exact_model(inputs.double(), mode='tensor'))
        here = leaves(model(inputs, mode='tensor'))
        found = [leaves(there(inputs.to(device), mode='tensor'))]
        if channels_last:
            found.append(leaves(there.to(memory_format=torch.channels_last)(inputs.to(device), mode='tensor')))
    for number, value in enumerate(exact):
        rounding = (here[number] - value).abs().max()
        bound = EQUAL * value.abs().max().clamp(min=1) + MARGIN * rounding
        for outputs in found:
            assert (outputs[number].cpu() - value).abs().max() <= bound


def leaves(outputs: Tensor | list | tuple) -> list[Tensor]:
    return torch.utils._pytree.tree_leaves(outputs)


@pytest.mark.parametrize('name', base_models('mmseg'))
def test_segmentation_equals_the_cpu(name: str, device: torch.device) -> None:
    model = network(name, 'mmseg').eval()
    check(model, device, channels_last=not hasattr(model, 'num_frames'))


@pytest.mark.parametrize('name', base_models('mmseg'))
def test_a_training_step_equals_that_on_the_cpu(name: str, device: torch.device) -> None:
    check_training_step(network(name, 'mmseg'), device)


def check_training_step(here: nn.Module, device: torch.device) -> None:
    """In float64: hard choices (a threshold, an order, SimOTA's samples) make much of float32's rounding."""
    here.double()
    for part in here.modules():  # another order of random numbers is no error
        if isinstance(part, nn.modules.dropout._DropoutNd):
            part.p = 0.0
    there = copy.deepcopy(here).to(device)
    for value, value_there in zip(step(here, torch.device('cpu')), step(there, device)):
        torch.testing.assert_close(value_there, value, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize('name', base_models('mmseg'))
def test_a_step_in_half_precision_is_finite(name: str, dtype: torch.dtype, device: torch.device) -> None:
    check_half_precision(network(name, 'mmseg').to(device), dtype, device)


def check_half_precision(model: nn.Module, dtype: torch.dtype, device: torch.device) -> None:
    """Loss and gradients are finite, and the loss is that of float32 up to :data:`HALF` roundings of the type."""
    exact, _ = step(model, device)
    with torch.autocast(device.type, dtype):
        loss, norm = step(model, device)
    assert torch.isfinite(loss)
    assert torch.isfinite(norm)
    assert (loss - exact).abs() <= HALF * torch.finfo(dtype).eps * exact.abs().clamp(min=1)


@pytest.mark.parametrize('name', base_models('mmdet'))
def test_detection_equals_the_cpu(name: str, device: torch.device) -> None:
    check(network(name, 'mmdet').eval(), device, channels_last=False)


@pytest.mark.parametrize('name', base_models('mmdet'))
def test_a_training_step_of_a_detector_equals_that_on_the_cpu(name: str, device: torch.device) -> None:
    check_training_step(network(name, 'mmdet'), device)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize('name', base_models('mmdet'))
def test_a_step_of_a_detector_in_half_precision_is_finite(name: str, dtype: torch.dtype, device: torch.device) -> None:
    """Another rounding may choose other samples, so its loss has no bound."""
    with torch.autocast(device.type, dtype):
        loss, norm = step(network(name, 'mmdet').to(device), device)
    assert torch.isfinite(loss)
    assert torch.isfinite(norm)
