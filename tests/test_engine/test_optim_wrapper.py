from __future__ import annotations

import copy
import itertools
import logging

import pytest
import torch
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.optim.optimizer import amp_optimizer_wrapper
from torch import nn

from mmirstd.compat.precision import Precision
from mmirstd.engine import AutocastOptimWrapper, optim_wrapper
from mmirstd.engine.optim_wrapper import accept_dtype, enable_amp
from mmirstd.registry import OPTIM_WRAPPERS
from mmirstd.utils.errors import ConfigError


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A CPU with bfloat16; calling it makes another machine."""

    def make(device: str, best: str) -> None:
        monkeypatch.setattr(optim_wrapper, 'get_device', lambda: device)
        monkeypatch.setattr(optim_wrapper, 'choose_precision', lambda device: Precision(best, 'the test says so'))
        monkeypatch.setattr(
            optim_wrapper, 'choose_mixed_precision', lambda device: 'float16' if best == 'float16' else 'bfloat16'
        )
        # mmengine's wrapper refuses to work without a GPU
        monkeypatch.setattr(amp_optimizer_wrapper, 'is_cuda_available', lambda: device == 'cuda')

    make('cpu', 'bfloat16')
    return make


@pytest.fixture
def logged(monkeypatch):
    """(level, line) of what the wrapper logs."""
    lines = []
    monkeypatch.setattr(
        optim_wrapper, 'print_log', lambda line, logger, level=logging.INFO: lines.append((level, line))
    )
    return lines


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


@pytest.mark.parametrize('dtype', [None, 'auto', 'float32', torch.float32, 'float16'])
def test_float32_where_the_machine_has_no_better(machine, logged, dtype):
    machine('cpu', 'float32')
    model, wrapper = model_and_wrapper(dtype=dtype)
    before = model[0].weight.clone()
    assert step(model, wrapper, torch.rand(2, 1, 8, 8)).dtype == torch.float32
    assert wrapper.precision == 'float32'
    assert not torch.equal(model[0].weight, before)
    ((level, line),) = logged
    assert level == logging.INFO
    assert line.startswith('precision: float32, ')
    assert ('the test says so' in line) == (dtype not in ('float32', torch.float32))


@pytest.mark.parametrize(
    ('device', 'best', 'dtype', 'precision', 'scaled'),
    [
        ('cuda', 'bfloat16', None, 'bfloat16', False),
        ('cuda', 'float16', None, 'float16', True),
        ('cuda', 'bfloat16', 'float16', 'float16', True),
        ('cuda', 'float16', 'float32', 'float32', False),
        ('mps', 'float32', None, 'float32', False),
    ],
)
def test_accelerators(machine, logged, device, best, dtype, precision, scaled):
    machine(device, best)
    wrapper = model_and_wrapper(dtype=dtype, loss_scale=64.0, use_fsdp=False)[1]
    assert (wrapper.precision, wrapper.cast_dtype) == (precision, getattr(torch, precision))
    assert (wrapper._scale_update_param == 64.0) == scaled
    assert len(logged) == 1


@pytest.mark.parametrize(
    ('device', 'best', 'cost'), [('cpu', 'float32', '8 to 18 times slower'), ('cuda', 'float16', 'slower than float16')]
)
def test_emulated_bfloat16_is_had_with_a_warning(machine, logged, device, best, cost):
    machine(device, best)
    assert model_and_wrapper(dtype='bfloat16')[1].precision == 'bfloat16'
    ((level, line),) = logged
    assert level == logging.WARNING
    assert 'the test says so' in line
    assert cost in line
    assert 'cure' in line


WRAPPERS = ('float32', 'bfloat16', 'float16', 'OptimWrapper', 'AmpOptimWrapper')


@pytest.mark.parametrize(
    ('before', 'after'), [*itertools.product(WRAPPERS, WRAPPERS), *itertools.product(['old'], WRAPPERS[:4])]
)  # mmengine's AmpOptimWrapper never could
def test_checkpoints_of_all_precisions_are_resumed_in_each_other(machine, logged, monkeypatch, before, after):
    machine('cuda', 'float16')
    # A scaler as on a GPU: it has a state, and refuses an empty one.
    monkeypatch.setattr(amp_optimizer_wrapper, 'GradScaler', lambda: torch.amp.GradScaler('cpu'))

    def make(kind):
        optimizer = torch.optim.AdamW([nn.Parameter(torch.ones(3))])
        if kind in ('OptimWrapper', 'AmpOptimWrapper'):
            return dict(OptimWrapper=OptimWrapper, AmpOptimWrapper=AmpOptimWrapper)[kind](optimizer=optimizer)
        return AutocastOptimWrapper(optimizer=optimizer, dtype='bfloat16' if kind == 'old' else kind)

    source, target = make(before), make(after)
    (parameter,) = source.optimizer.param_groups[0]['params']
    parameter.grad = torch.full((3,), 2.0)
    source.optimizer.step()
    state = source.state_dict()
    if before == 'old':
        del state['precision']
        state['loss_scaler'] = {}
    logged.clear()
    given = copy.deepcopy(state)
    target.load_state_dict(given)
    if hasattr(target, 'precision'):
        assert given.keys() == state.keys()  # the caller's dict is left alone
    assert torch.equal(target.optimizer.state_dict()['state'][0]['exp_avg'], torch.full((3,), 0.2))
    spelled = dict(OptimWrapper='float32', AmpOptimWrapper='float16', old='bfloat16')
    if hasattr(target, 'precision') and spelled.get(before, before) != after:
        ((_, line),) = logged
        assert line.startswith(
            f'precision: {after} from here on; the checkpoint was trained in {spelled.get(before, before)} '
        )
    else:
        assert not logged


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
    wrapper = AutocastOptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=1.0), clip_grad=dict(max_norm=1e-3))
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


@pytest.mark.parametrize(
    'given',
    [
        {},
        {'type': 'OptimWrapper'},
        {'type': 'AmpOptimWrapper', 'dtype': 'float32'},
        {'type': 'mmirstd.AutocastOptimWrapper', 'dtype': 'float16'},
    ],
)
@pytest.mark.parametrize(
    ('device', 'best', 'expected'),
    [('cpu', 'float32', 'bfloat16'), ('cpu', 'bfloat16', 'bfloat16'), ('cuda', 'float16', 'float16')],
)
def test_amp_switch(machine, given, device, best, expected):
    machine(device, best)
    config = dict(given, optimizer=dict(type='SGD', lr=1))
    enable_amp(config)
    assert config == dict(given, optimizer=dict(type='SGD', lr=1), type='mmirstd.AutocastOptimWrapper', dtype=expected)


def test_amp_switch_keeps_a_mixed_precision_on_an_accelerator(machine):
    machine('cuda', 'bfloat16')
    config = dict(dtype='float16')
    enable_amp(config)
    assert config['dtype'] == 'float16'


@pytest.mark.parametrize('change', [enable_amp, accept_dtype])
def test_several_optimizers_are_named(change):
    parts = dict(one=dict(optimizer=dict(type='SGD')), other=dict(optimizer=dict(type='SGD')))
    with pytest.raises(ConfigError, match=r'of several optimizers \(one, other\)[\s\S]*cure: .*AutocastOptimWrapper'):
        change(dict(parts, constructor='Mine', dtype='float32'))


def test_amp_switch_refuses_what_it_does_not_know():
    with pytest.raises(ConfigError, match='ApexOptimWrapper'):
        enable_amp(dict(type='ApexOptimWrapper'))


@pytest.mark.parametrize(
    ('given', 'dtype', 'ours'),
    [
        ('OptimWrapper', 'float32', True),
        ('OptimWrapper', None, False),
        ('AmpOptimWrapper', 'float32', True),
        ('AmpOptimWrapper', 'bfloat16', False),
        ('MyOptimWrapper', 'float32', False),
    ],
)
def test_any_wrapper_of_mmengine_may_have_a_dtype(given, dtype, ours):
    wrapper = dict(type=given, optimizer=dict(type='SGD', lr=0.1), **(dict(dtype=dtype) if dtype else {}))
    accept_dtype(wrapper)
    assert wrapper['type'] == ('mmirstd.AutocastOptimWrapper' if ours else given)
