"""Every single-frame config is complete, and every network among them trains and predicts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from mmengine.registry import (
    DATASETS,
    HOOKS,
    LOOPS,
    METRICS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
    PARAM_SCHEDULERS,
    TRANSFORMS,
    Registry,
    init_default_scope,
)
from mmengine.structures import PixelData
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.registry import MODELS

from .configs import SINGLE_FRAME, load

# isort: split
from mmseg.structures import SegDataSample

# Network -> {parameter: why it gets no gradient}.
WITHOUT_GRADIENT: dict[str, dict[str, str]] = {}


def is_registered(registry: Registry, part: dict) -> bool:
    """Whether the Runner would find the type, in the default scope or in the one its name begins with."""
    with registry.switch_scope_and_registry(None) as scoped:
        return scoped.get(part['type']) is not None


def network_of(name: str) -> str:
    return name.split('_')[0]


NETWORKS = sorted({network_of(name) for name in SINGLE_FRAME})


def distinct_models() -> list[str]:
    """The first config of each model and loss; other recipes of it are the same network."""
    first: dict[str, Any] = {}
    for name in SINGLE_FRAME:
        first.setdefault(repr(load(name).model), name)
    return list(first.values())


def train_one_step(model: nn.Module, size: int = 32) -> dict[str, torch.Tensor]:
    """Loss, gradients and an optimizer step on two images with a target each; the gradients stay."""
    torch.manual_seed(0)
    data = dict(inputs=[], data_samples=[])
    for i in range(2):
        mask = torch.zeros(1, size, size, dtype=torch.long)
        mask[:, 10 + i : 13 + i, 20:23] = 1
        data['inputs'].append(0.2 * torch.rand(1, size, size) + 0.8 * mask)
        data['data_samples'].append(
            SegDataSample(
                gt_sem_seg=PixelData(data=mask),
                metainfo=dict(img_shape=(size, size), ori_shape=(size, size), pad_shape=(size, size)),
            )
        )
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    total, logged = model.parse_losses(losses)
    total.backward()
    # Batch norms that see two values (the deepest levels of so small an image) have huge gradients.
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return logged


@pytest.mark.parametrize('name', distinct_models())
def test_a_training_step_and_a_test_step(name: str) -> None:
    cfg = load(name)
    init_default_scope('mmseg')
    model = MODELS.build(cfg.model)
    if not isinstance(model, ClassicalSegmentor):
        logged = train_one_step(model)
        assert torch.isfinite(logged['loss'])
        without = {key for key, p in model.named_parameters() if p.grad is None}
        assert without == set(WITHOUT_GRADIENT.get(network_of(name), {}))
        for key, p in model.named_parameters():
            assert torch.isfinite(p).all(), key
    sample = SegDataSample(metainfo=dict(img_shape=(32, 32), ori_shape=(29, 30), padding_size=(0, 2, 0, 3)))
    model.eval()
    with torch.no_grad():
        (result,) = model.test_step(dict(inputs=[torch.rand(1, 32, 32)], data_samples=[sample]))
    prob, label = result.seg_logits.data, result.pred_sem_seg.data
    assert prob.shape == label.shape == (1, 29, 30)
    assert ((prob >= 0) & (prob <= 1)).all()
    assert torch.equal(label > 0, prob > 0.5)


@pytest.mark.parametrize('name', SINGLE_FRAME)
def test_complete(name: str) -> None:
    """What the Runner will look up is there; recipes of one network change neither backbone nor neck."""
    cfg = load(name)
    init_default_scope('mmseg')
    assert cfg.default_scope == 'mmseg'
    first = load(next(other for other in SINGLE_FRAME if network_of(other) == network_of(name)))
    for part in ('type', 'backbone', 'neck'):
        assert cfg.model.get(part) == first.model.get(part)
    for split in ('train', 'val', 'test'):
        dataset = cfg[f'{split}_dataloader'].dataset
        assert is_registered(DATASETS, dataset)
        for part in dataset.get('datasets', [dataset]):
            assert is_registered(DATASETS, part)
            for step in part.get('dataset', part).pipeline:
                assert is_registered(TRANSFORMS, step)
    assert is_registered(METRICS, cfg.test_evaluator)
    for hook in [*cfg.default_hooks.values(), *cfg.get('custom_hooks', [])]:
        assert is_registered(HOOKS, hook)
    if 'backbone' not in cfg.model:
        return  # nothing to train
    assert is_registered(LOOPS, cfg.train_cfg)
    assert is_registered(OPTIM_WRAPPERS, cfg.optim_wrapper)
    assert is_registered(OPTIMIZERS, cfg.optim_wrapper.optimizer)
    for scheduler in cfg.param_scheduler:
        assert is_registered(PARAM_SCHEDULERS, scheduler)


def test_exceptions_are_of_networks_that_exist() -> None:
    assert set(WITHOUT_GRADIENT) <= set(NETWORKS)
