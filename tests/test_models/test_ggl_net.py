"""GGL-Net against figures of the official implementation (tests/data/golden/ggl_net.json)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmirstd.registry import MODELS
from tests.golden import golden_input, load_golden, official_state_dict, samples
from tests.shared import REPO
from tools.model_converters.key_maps import ARCHS

GOLDEN = load_golden('ggl_net')


def build(in_channels: int, state: dict | None = None) -> torch.nn.Module:
    init_default_scope('mmseg')
    cfg = Config.fromfile(REPO / 'configs/_base_/models/ggl-net.py')
    cfg.model.backbone.in_channels = in_channels
    model = MODELS.build(cfg.model)
    if state is not None:
        missing, unexpected = model.load_state_dict(state, strict=False)
        assert not missing
        assert not unexpected
    return model


@pytest.fixture(scope='module')
def official() -> dict[str, torch.Tensor]:
    state = official_state_dict(GOLDEN)
    total = sum(float(v.double().sum()) for v in state.values())
    assert total == pytest.approx(GOLDEN['fill_check']['sum_all_float64'], abs=1e-6), 'fill protocol differs'
    return state


@pytest.mark.parametrize('in_channels', [3, 1])
def test_outputs_equal_the_official_network(official: dict, in_channels: int) -> None:
    model = build(in_channels, ARCHS['ggl-net'].convert(official, in_channels)).eval()
    if in_channels == 3:
        assert sum(p.numel() for p in model.parameters()) == GOLDEN['params_total'] == 8988093
    with torch.no_grad():
        logits = model(golden_input(GOLDEN['input'], channels=in_channels), mode='tensor')
    expected = GOLDEN['outputs'][0]['pre_sigmoid']
    assert list(logits.shape) == expected['shape']
    np.testing.assert_allclose(samples(logits), expected['samples'], atol=1e-5)
    assert float(logits.double().mean()) == pytest.approx(expected['mean'], abs=1e-5)
    np.testing.assert_allclose(samples(logits.sigmoid()), GOLDEN['outputs'][0]['samples'], atol=1e-5)


def test_float64_outputs_agree_to_rounding(official: dict) -> None:
    model = build(3, ARCHS['ggl-net'].convert(official, 3)).double().eval()
    with torch.no_grad():
        logits = model(golden_input(GOLDEN['input']).double(), mode='tensor')
    np.testing.assert_allclose(samples(logits.sigmoid()), GOLDEN['outputs_float64'][0]['samples'], atol=1e-12)


def test_training_forward_and_gradients_equal_the_official_network(official: dict) -> None:
    model = build(3, ARCHS['ggl-net'].convert(official, 3)).train()
    record = GOLDEN['train_forward']
    prob = model(golden_input(GOLDEN['input']), mode='tensor').sigmoid()
    np.testing.assert_allclose(samples(prob), record['outputs'][0]['samples'], atol=2e-5)
    prob.mean().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == record['params_without_grad']
    norm = sum(float(p.grad.double().square().sum()) for p in model.parameters())**0.5
    assert norm == pytest.approx(record['grad_norm'], rel=1e-3)
    means = sum(float(v.abs().sum()) for k, v in model.state_dict().items() if k.endswith('running_mean'))
    variances = sum(float(v.abs().sum()) for k, v in model.state_dict().items() if k.endswith('running_var'))
    assert means == pytest.approx(record['running_mean_abs_sum_after'], rel=1e-5)
    assert variances == pytest.approx(record['running_var_abs_sum_after'], rel=1e-5)


def test_every_parameter_of_the_tiny_network_learns() -> None:
    init_default_scope('mmseg')
    model = MODELS.build(Config.fromfile(REPO / 'configs/_base_/models/ggl-net-tiny.py').model)
    model(torch.rand(2, 1, 32, 32), mode='tensor').mean().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []
