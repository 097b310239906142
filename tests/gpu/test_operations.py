"""What is not a network: suppression, streams, tiles, scaled gradients, a compiled step, several processes."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmirstd.apis import IRSTDInferencer, StreamingDetector, StreamingSegmentor, Tiling
from mmirstd.compat.nms import nms
from mmirstd.datasets.synthetic import SceneConfig, render_scene
from mmirstd.models.auxiliary_loss import attach_auxiliary_losses
from mmirstd.registry import MODELS
from tests.test_models.clip_models import noise, sample, tiny_config, tiny_detector

from .test_networks import EQUAL, images, network, samples

pytestmark = pytest.mark.gpu


def scene(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """A scene with targets, (H, W) uint8."""
    return render_scene(SceneConfig(size=size), np.random.default_rng(seed)).image


def test_suppression_keeps_the_boxes_that_it_keeps_on_the_cpu(device: torch.device) -> None:
    """More boxes than one block; whole pixels, so that every overlap is exact enough to be the same."""
    generator = torch.Generator().manual_seed(0)
    corners = torch.randint(0, 200, (700, 2), generator=generator).float()
    boxes = torch.cat([corners, corners + torch.randint(1, 40, (700, 2), generator=generator)], 1)
    scores = torch.randperm(700, generator=generator).float()
    kept = nms(boxes, scores, 0.55)
    assert 100 < len(kept) < 690
    torch.testing.assert_close(nms(boxes.to(device), scores.to(device), 0.55).cpu(), kept)


def test_a_stream_of_a_detector_gives_the_boxes_of_the_cpu(device: torch.device) -> None:
    torch.manual_seed(3)
    video = (noise(1, 9, 1, 60, 70)[0, :, 0] * 255).byte().numpy()
    model = tiny_detector(5)
    here, there = StreamingDetector(model), StreamingDetector(model, device=device)
    for frame in video:
        a, b = (one(frame).pred_instances.cpu() for one in (here, there))
        # Relative to the size of the frame; those near a threshold of the suppression may differ.
        assert abs(len(a) - len(b)) <= 1
        best = min(len(a), len(b), 5)
        torch.testing.assert_close(b.scores[:best], a.scores[:best], rtol=0, atol=EQUAL)
        torch.testing.assert_close(b.bboxes[:best] / 96, a.bboxes[:best] / 96, rtol=0, atol=EQUAL)


def test_a_stream_of_a_segmentor_gives_the_maps_of_the_cpu(device: torch.device) -> None:
    model = network('resunet-dtum', 'mmseg').eval()
    here, there = StreamingSegmentor(model), StreamingSegmentor(model, device=device)
    for seed in range(6):
        a, b = (one(scene((48, 80), seed)).seg_logits.data.float().cpu() for one in (here, there))
        torch.testing.assert_close(b.sigmoid(), a.sigmoid(), rtol=0, atol=EQUAL)


@pytest.mark.parametrize('tile', ['off', 'on'])
def test_maps_of_an_image_and_of_its_tiles_equal_those_of_the_cpu(tile: str, device: torch.device) -> None:
    model = network('ggl-net', 'mmseg').eval()
    options = dict(backend='torch', tile=tile, tiling=Tiling(64, 32))
    image = scene((100, 150))
    here = IRSTDInferencer(copy.deepcopy(model), device='cpu', **options)
    there = IRSTDInferencer(copy.deepcopy(model), device=str(device), **options)
    (a,), (b,) = (one([image], return_datasamples=True)['predictions'] for one in (here, there))
    torch.testing.assert_close(b.seg_logits.data.cpu(), a.seg_logits.data.cpu(), rtol=0, atol=EQUAL)


@pytest.mark.parametrize('dtype', ['float16', 'bfloat16', 'float32'])
def test_scaled_gradients_with_directional_gradient_regularization(dtype: str, device: torch.device) -> None:
    """Its loss has gradients of gradients, and the scaler must find the scale of both: the weights stay finite."""
    torch.manual_seed(0)
    description = tiny_config(1)
    description['neck'] = dict(type='mmirstd.BPFPN', pyramid=description['neck'], dgr=dict(form='feature'))
    model = MODELS.build(description)
    attach_auxiliary_losses(model)
    model = model.to(device).train()
    wrapper = build_optim_wrapper(
        model, dict(type='mmirstd.AutocastOptimWrapper', dtype=dtype, optimizer=dict(type='SGD', lr=1e-3))
    )
    before = [p.detach().clone() for p in model.parameters()]
    clips = noise(2, 1, 1, 64, 64)
    one = sample([[20, 30, 24, 33]], img_shape=(64, 64), batch_input_shape=(64, 64))
    for _ in range(6):  # the first scales overflow and are lowered
        data = dict(inputs=[clip * 255 for clip in clips], data_samples=[copy.deepcopy(one), copy.deepcopy(one)])
        logged = model.train_step(data, wrapper)
        assert torch.isfinite(logged['loss'])
    assert all(torch.isfinite(p).all() for p in model.parameters())
    assert any((p != old).any() for p, old in zip(model.parameters(), before))
    if device.type == 'cuda' and dtype == 'float16':
        assert wrapper.loss_scaler.get_scale() >= 1


def test_a_compiled_step_equals_the_eager_one(device: torch.device) -> None:
    """On the CPU without the code generator, which takes minutes there."""
    model = network('ggl-net', 'mmseg').to(device)
    compiled = torch.compile(
        copy.deepcopy(model), backend='inductor' if device.type == 'cuda' else 'aot_eager', dynamic=False
    )
    inputs, truth = images(model).to(device), samples(model, device)
    results = []
    for one in (model, compiled):
        losses = one.train()(inputs, truth, mode='loss')
        loss = sum(value for key, value in losses.items() if 'loss' in key)
        loss.backward()
        results.append(loss.detach().cpu())
    torch.testing.assert_close(results[1], results[0], rtol=EQUAL, atol=EQUAL)
    for (name, p), q in zip(model.named_parameters(), compiled.parameters()):
        scale = p.grad.abs().max().clamp(min=1e-3)
        assert (p.grad - q.grad).abs().max() <= 1e-2 * scale, name


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason='needs two GPUs')
def test_two_processes_have_the_gradients_of_one(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(_rank, (str(tmp_path / 'store'), str(tmp_path)), nprocs=2)
    first, second = (torch.load(tmp_path / f'{rank}.pt') for rank in (0, 1))
    model, inputs = _linear(), _inputs()
    model(inputs).square().mean().backward()
    for value in (first, second):
        torch.testing.assert_close(value, model.weight.grad, rtol=EQUAL, atol=EQUAL)


def _linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 3)


def _inputs() -> torch.Tensor:
    return torch.linspace(-1, 1, 32).reshape(8, 4)


def _rank(rank: int, store: str, folder: str) -> None:
    device = torch.device('cuda', rank)
    torch.distributed.init_process_group('nccl', init_method=f'file://{store}', rank=rank, world_size=2)
    model = nn.parallel.DistributedDataParallel(_linear().to(device), device_ids=[rank])
    model(_inputs()[4 * rank : 4 * rank + 4].to(device)).square().mean().backward()
    torch.save(model.module.weight.grad.cpu(), os.path.join(folder, f'{rank}.pt'))
    torch.distributed.destroy_process_group()
