from __future__ import annotations

import copy

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmirstd.engine import AutocastOptimWrapper, ConfigError, optim_wrapper
from mmirstd.engine.optim_wrapper import enable_amp
from mmirstd.registry import OPTIM_WRAPPERS


@pytest.fixture(autouse=True)
def _on_cpu(monkeypatch):
    monkeypatch.setattr(optim_wrapper, 'get_device', lambda: 'cpu')


def model_and_wrapper(**kwargs):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 1, 3))
    return model, AutocastOptimWrapper(optimizer=torch.optim.AdamW(model.parameters(), lr=1e-2), **kwargs)


def step(model, wrapper, image):
    with wrapper.optim_context(model):
        out = model(image)
        loss = out.float().pow(2).mean()
    wrapper.update_params(loss)
    return out


def test_it_is_registered():
    assert OPTIM_WRAPPERS.get('mmirstd.AutocastOptimWrapper') is AutocastOptimWrapper


@pytest.mark.parametrize('dtype', [None, 'bfloat16', torch.bfloat16, 'float16'])
def test_forward_in_bfloat16_parameters_and_gradients_in_float32(dtype):
    model, wrapper = model_and_wrapper(dtype=dtype)
    before = model[0].weight.clone()
    out = step(model, wrapper, torch.rand(2, 1, 8, 8))
    assert out.dtype == torch.bfloat16
    assert model[0].weight.dtype == torch.float32
    assert not torch.equal(model[0].weight, before)
    with wrapper.optim_context(model):
        model(torch.rand(1, 1, 8, 8)).float().sum().backward()
    assert model[0].weight.grad.dtype == torch.float32
    assert not torch.is_autocast_enabled('cpu')


def test_loss_falls_like_in_float32():
    image = torch.rand(2, 1, 8, 8)
    runs = []
    for kind in (AutocastOptimWrapper, OptimWrapper):
        torch.manual_seed(0)
        model = nn.Conv2d(1, 4, 3)
        wrapper = kind(optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
        for _ in range(20):
            step(model, wrapper, image)
        runs.append(model(image).pow(2).mean().item())
    assert runs[0] == pytest.approx(runs[1], rel=0.05, abs=1e-4)


def test_other_types_are_refused():
    with pytest.raises(ValueError, match='float64'):
        model_and_wrapper(dtype='float64')


def test_gradients_accumulate():
    model, wrapper = model_and_wrapper(accumulative_counts=2)
    wrapper.initialize_count_status(model, 0, 4)
    start = model[0].weight.detach().clone()
    step(model, wrapper, torch.rand(2, 1, 8, 8))
    assert torch.equal(model[0].weight, start)
    step(model, wrapper, torch.rand(2, 1, 8, 8))
    assert not torch.equal(model[0].weight, start)


def test_gradients_are_clipped():
    model = nn.Linear(4, 1, bias=False)
    wrapper = AutocastOptimWrapper(
        optimizer=torch.optim.SGD(model.parameters(), lr=1.0), clip_grad=dict(max_norm=1e-3))
    before = model.weight.detach().clone()
    with wrapper.optim_context(model):
        loss = 100 * model(torch.ones(1, 4)).float().sum()
    wrapper.update_params(loss)
    assert (model.weight - before).norm().item() == pytest.approx(1e-3, rel=0.02)


def test_state_resumes_exactly():
    image = torch.rand(2, 1, 8, 8)
    model, wrapper = model_and_wrapper()
    step(model, wrapper, image)
    state, weights = copy.deepcopy(wrapper.state_dict()), copy.deepcopy(model.state_dict())
    step(model, wrapper, image)
    other, other_wrapper = model_and_wrapper()
    other.load_state_dict(weights)
    other_wrapper.load_state_dict(state)
    step(other, other_wrapper, image)
    assert torch.equal(other[0].weight, model[0].weight)


@pytest.mark.parametrize('scaler', [{}, {'scale': 65536.0, 'growth_factor': 2.0, 'backoff_factor': 0.5,
                                         'growth_interval': 2000, '_growth_tracker': 0}, None])
def test_state_of_other_wrappers_loads(scaler):
    model, wrapper = model_and_wrapper()
    step(model, wrapper, torch.rand(2, 1, 8, 8))
    state = wrapper.state_dict()
    state.pop('loss_scaler')
    if scaler is not None:
        state['loss_scaler'] = scaler
    other, other_wrapper = model_and_wrapper()
    other_wrapper.load_state_dict(state)
    assert len(other_wrapper.optimizer.state) == 4
    assert ('loss_scaler' in state) == (scaler is not None)  # the caller's dict is left alone


@pytest.mark.parametrize('given', [{}, {'type': 'OptimWrapper'}, {'type': 'AmpOptimWrapper', 'dtype': 'float16'},
                                   {'type': 'mmirstd.AutocastOptimWrapper'}])
def test_amp_switch(given):
    config = dict(given, optimizer=dict(type='SGD', lr=1))
    enable_amp(config)
    assert config == dict(given, optimizer=dict(type='SGD', lr=1), type='mmirstd.AutocastOptimWrapper')


def test_amp_switch_refuses_what_it_does_not_know():
    with pytest.raises(ConfigError, match='ApexOptimWrapper'):
        enable_amp(dict(type='ApexOptimWrapper'))
