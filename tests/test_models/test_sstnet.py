"""SSTNet against figures of the official implementation (tests/data/golden/sstnet*.json)."""

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

GOLDEN = load_golden('sstnet')
PYRAMID_GOLDEN = load_golden('sstnet_feature_extractor')


def build(in_channels: int, official_unused: bool = False, **options: object) -> torch.nn.Module:
    init_default_scope('mmdet')
    model = Config.fromfile(REPO / 'configs/_base_/models/sstnet.py').model
    del model['data_preprocessor']
    model.backbone.in_channels = model.motion_branch.in_channels = in_channels
    model.motion_branch.official_unused = model.temporal_neck.official_unused = official_unused
    model.update(options)
    return MODELS.build(model)


def load(model: torch.nn.Module, state: dict) -> torch.nn.Module:
    """Load, refusing anything missing or unexpected."""
    model.load_state_dict(state, strict=True)
    return model


def clips(spec: dict, channels: int) -> torch.Tensor:
    """The recorded input (B, C, T, H, W) as our clips (B, T, C, H, W)."""
    return golden_input(spec, channels).transpose(1, 2).contiguous()


def official_map(outputs: tuple) -> torch.Tensor:
    """Our raw maps in the official order: box regressions, objectness, class."""
    (cls_score, ), (bbox_pred, ), (objectness, ) = outputs
    return torch.cat([bbox_pred, objectness, cls_score], dim=1)


@pytest.fixture(scope='module')
def official() -> dict[str, torch.Tensor]:
    state = official_state_dict(GOLDEN)
    total = sum(float(v.double().sum()) for v in state.values())
    assert total == pytest.approx(GOLDEN['fill_check']['sum_all_float64'], abs=1e-6), 'fill protocol differs'
    return state


def test_parameter_counts_are_the_official_ones() -> None:
    model = build(3, official_unused=True)
    assert sum(p.numel() for p in model.parameters()) == GOLDEN['params_total'] == 21981227
    at_test = sum(p.numel() for n, p in model.named_parameters() if not n.startswith('motion_branch.'))
    assert at_test == GOLDEN['params_eval_path'] == 11949003


@pytest.mark.parametrize('in_channels', [3, 1])
def test_outputs_equal_the_official_network(official: dict, in_channels: int) -> None:
    model = load(build(in_channels), ARCHS['sstnet'].convert(official, in_channels)).eval()
    expected = GOLDEN['outputs'][0]
    with torch.no_grad():
        raw = official_map(model(clips(GOLDEN['input'], in_channels), mode='tensor'))
    assert list(raw.shape) == expected['shape']
    np.testing.assert_allclose(samples(raw), expected['samples'], atol=1e-5)
    assert float(raw.double().mean()) == pytest.approx(expected['mean'], abs=1e-6)
    assert float(raw.double().std(unbiased=False)) == pytest.approx(expected['std'], abs=1e-6)


def test_float64_outputs_agree_to_rounding(official: dict) -> None:
    model = load(build(3), ARCHS['sstnet'].convert(official, 3)).double().eval()
    with torch.no_grad():
        raw = official_map(model(clips(GOLDEN['input'], 3).double(), mode='tensor'))
    np.testing.assert_allclose(samples(raw), GOLDEN['outputs_float64'][0]['samples'], atol=1e-12)


def test_the_streamed_form_gives_the_official_outputs(official: dict) -> None:
    model = load(build(3), ARCHS['sstnet'].convert(official, 3)).double().eval()
    frames = clips(GOLDEN['input'], 3).double().unbind(1)
    with torch.no_grad():
        levels = model.couple_states([model.frame_state(frame) for frame in frames])
        raw = official_map(model.bbox_head(levels))
    np.testing.assert_allclose(samples(raw), GOLDEN['outputs_float64'][0]['samples'], atol=1e-12)


def test_training_forward_and_gradients_equal_the_official_network(official: dict) -> None:
    record = GOLDEN['train_forward']
    model = build(3, official_unused=True, fold_frames=False)
    load(model, ARCHS['sstnet'].convert(official, 3, keep_unused=True)).train()
    model.temporal_neck.fold_frames = False
    inputs = clips({**GOLDEN['input'], 'shape': record['input_shape']}, 3)
    frames = model.extract_clip_feats(inputs)
    raw = official_map(model.bbox_head(model.couple(frames)))
    motion = model.motion_branch.loss(inputs, frames)['loss_motion']
    np.testing.assert_allclose(samples(raw), record['outputs'][0]['samples'], atol=2e-4)
    assert motion.item() == pytest.approx(record['outputs'][1]['mean'], rel=1e-5)
    (raw.mean() + motion).backward()
    ours = {ARCHS['sstnet'].rename(name) for name in record['params_without_grad']}
    assert {name for name, p in model.named_parameters() if p.grad is None} == ours
    norm = sum(float(p.grad.double().square().sum()) for p in model.parameters() if p.grad is not None)**0.5
    assert norm == pytest.approx(record['grad_norm'], rel=1e-3)
    means = sum(float(v.abs().sum()) for k, v in model.state_dict().items() if k.endswith('running_mean'))
    variances = sum(float(v.abs().sum()) for k, v in model.state_dict().items() if k.endswith('running_var'))
    assert means == pytest.approx(record['running_mean_abs_sum_after'], rel=1e-5)
    assert variances == pytest.approx(record['running_var_abs_sum_after'], rel=1e-5)


class TestPyramid:
    """Backbone and pyramid of one frame (``--arch sstnet-pyramid``)."""

    @pytest.fixture(scope='class')
    def state(self) -> dict[str, torch.Tensor]:
        return official_state_dict(PYRAMID_GOLDEN)

    def model(self, state: dict, in_channels: int) -> torch.nn.Module:
        model = build(in_channels)
        model.temporal_neck = model.motion_branch = None
        del model.bbox_head
        return load(model, ARCHS['sstnet-pyramid'].convert(state, in_channels))

    @pytest.mark.parametrize('in_channels', [3, 1])
    def test_outputs(self, state: dict, in_channels: int) -> None:
        model = self.model(state, in_channels).eval()
        with torch.no_grad():
            feat, = model.extract_frame_feat(golden_input(PYRAMID_GOLDEN['input'], in_channels))
        assert list(feat.shape) == PYRAMID_GOLDEN['outputs'][0]['shape']
        np.testing.assert_allclose(samples(feat), PYRAMID_GOLDEN['outputs'][0]['samples'], atol=1e-5)

    def test_float64_outputs(self, state: dict) -> None:
        model = self.model(state, 3).double().eval()
        with torch.no_grad():
            feat, = model.extract_frame_feat(golden_input(PYRAMID_GOLDEN['input']).double())
        np.testing.assert_allclose(samples(feat), PYRAMID_GOLDEN['outputs_float64'][0]['samples'], atol=1e-12)
        assert sum(p.numel() for p in model.parameters()) == PYRAMID_GOLDEN['params_total']

    def test_training_forward(self, state: dict) -> None:
        record = PYRAMID_GOLDEN['train_forward']
        model = self.model(state, 3).train()
        feat, = model.extract_frame_feat(golden_input({**PYRAMID_GOLDEN['input'], 'shape': record['input_shape']}))
        np.testing.assert_allclose(samples(feat), record['outputs'][0]['samples'], atol=2e-4)
        feat.mean().backward()
        norm = sum(float(p.grad.double().square().sum()) for p in model.parameters())**0.5
        assert norm == pytest.approx(record['grad_norm'], rel=1e-3)
        means = sum(float(v.abs().sum()) for k, v in model.state_dict().items() if k.endswith('running_mean'))
        variances = sum(float(v.abs().sum()) for k, v in model.state_dict().items() if k.endswith('running_var'))
        assert means == pytest.approx(record['running_mean_abs_sum_after'], rel=1e-5)
        assert variances == pytest.approx(record['running_var_abs_sum_after'], rel=1e-5)
