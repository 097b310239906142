"""Every config of moving targets builds, and its variants differ from their base in the neck alone."""

from __future__ import annotations

import logging

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.models.auxiliary_loss import attach_auxiliary_losses
from mmirstd.registry import MODELS
from tests.shared import REPO
from tests.test_models.clip_models import model_channels, noise, sample

CONFIGS = sorted(path.relative_to(REPO / 'configs').as_posix()
                 for folder in ('yolox', 'sstnet', 'yolo_bp') for path in (REPO / 'configs' / folder).glob('*.py'))
DATA = ('daub', 'irdst', 'itsdt-15k', 'nudt-mirsdt', 'drone-ir', 'synthetic-sequences')


def data_base(name: str) -> str:
    return name.rsplit('_', 1)[1].removesuffix('.py')


def load(name: str) -> Config:
    base = REPO / f'configs/_base_/datasets/{data_base(name)}.py'
    if not base.is_file():
        pytest.skip(f'{base.name} is not there')
    init_default_scope('mmdet')
    return Config.fromfile(REPO / 'configs' / name)


def test_all_architectures_on_all_data_sets() -> None:
    for arch in ('yolox/yolox', 'yolo_bp/yolox-gils', 'yolo_bp/yolox-dgr', 'yolo_bp/yolox-bp', 'sstnet/sstnet',
                 'yolo_bp/sstnet-gils', 'yolo_bp/sstnet-dgr', 'yolo_bp/yolo-bp'):
        for data in DATA:
            assert f'{arch}_{data}.py' in CONFIGS
    for variant in ('gils', 'dgr', 'gate', 'bp'):
        assert f'yolo_bp/yolox-p345-{variant}-tiny_drone-ir.py' in CONFIGS
    assert {data_base(name) for name in CONFIGS} == set(DATA)


@pytest.mark.parametrize('name', CONFIGS)
def test_consistent(name: str) -> None:
    """The data give as many frames as the model takes, and evaluation streams or sees whole clips."""
    cfg = load(name)
    frames = cfg.model.num_frames
    assert frames == (1 if '/yolox' in name else 5)
    assert _dataset(cfg.train_dataloader).get('num_frames', 5) == frames
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        dataset = _dataset(loader)
        assert dataset.get('num_frames', 5) in ({frames, 1} if cfg.model.test_cfg.streaming else {frames})
        assert dataset.get('stride', 1) == cfg.model.test_cfg.get('stride', 1)
    assert cfg.default_hooks.auxiliary_loss.type == 'mmirstd.AuxiliaryLossHook'
    assert cfg.default_scope == 'mmdet'


@pytest.mark.parametrize('name', CONFIGS)
def test_a_training_step_and_a_test_step(name: str) -> None:
    """Every parameter gets a gradient; the features have the strides of the head."""
    cfg = load(name)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).train()
    attach_auxiliary_losses(model)
    frames, channels = model.num_frames, model_channels(model)
    samples = [sample([box], img_shape=(64, 32)) for box in ([8, 8, 20, 18], [4, 40, 12, 50])]
    data = dict(inputs=list(noise(2, frames, channels, 64, 32)), data_samples=samples)
    total, logged = model.parse_losses(model(**model.data_preprocessor(data, True), mode='loss'))
    total.backward()
    assert torch.isfinite(logged['loss'])
    assert [key for key, value in model.named_parameters() if value.grad is None and value.requires_grad] == []
    model.eval()
    with torch.no_grad():
        levels = model.extract_feat(noise(1, frames, channels, 64, 32))
        meta = dict(video_id=1, frame_id=0, is_first=True, img_shape=(64, 32), ori_shape=(64, 32))
        frames = 1 if model.test_cfg.get('streaming') else frames
        inputs = list(noise(1, frames, channels, 64, 32))
        result, = model.test_step(dict(inputs=inputs, data_samples=[sample([], **meta)]))
    assert [tuple(level.shape[-2:]) for level in levels] == [(8, 4), (4, 2), (2, 1)][:3 if 'p345' in name else 1]
    assert torch.isfinite(result.pred_instances.bboxes).all()


@pytest.mark.parametrize(('base', 'variants'), [
    ('sstnet/sstnet', ('sstnet-gils', 'sstnet-dgr', 'yolo-bp')),
    ('yolox/yolox-p345', ('yolox-p345-gils', 'yolox-p345-dgr', 'yolox-p345-gate', 'yolox-p345-bp'))])
def test_a_base_checkpoint_loads_into_every_variant(base: str, variants: tuple[str, ...]) -> None:
    state = MODELS.build(load(f'{base}-tiny_drone-ir.py').model).state_dict()
    for variant in variants:
        model = MODELS.build(load(f'yolo_bp/{variant}-tiny_drone-ir.py').model)
        missing, unexpected = model.load_state_dict(state, strict=False)
        assert not unexpected
        assert bool(missing) == ('gate' not in variant)  # the gate has no parameters
        assert all(key.startswith(('neck.gils.', 'neck.dgr.')) for key in missing)


THREE_LEVELS = {
    'yolox/yolox-p345-tiny_drone-ir.py': [None],
    'yolo_bp/yolox-p345-gils-tiny_drone-ir.py': [None],
    'yolo_bp/yolox-p345-dgr-tiny_drone-ir.py': ['feature', 'gradient'],
    'yolo_bp/yolox-p345-gate-tiny_drone-ir.py': ['gate'],
    'yolo_bp/yolox-p345-bp-tiny_drone-ir.py': ['feature', 'gradient', 'gate'],
}


@pytest.mark.parametrize(('name', 'form'), [(name, form) for name, forms in THREE_LEVELS.items() for form in forms])
def test_three_levels_train_in_bfloat16_and_predict(name: str, form: str | None) -> None:
    """Two steps of the config's own optimiser wrapper, then the boxes of a frame from the streaming detector."""
    cfg = load(name)
    cfg.optim_wrapper.dtype = 'bfloat16'  # by itself it would follow the machine
    if form is not None:
        cfg.model.neck.dgr.form = form
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    logging.disable(logging.INFO)  # a line for each parameter
    model.init_weights()
    logging.disable(logging.NOTSET)
    attach_auxiliary_losses(model.train())
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    assert type(wrapper).__name__ == 'AutocastOptimWrapper'
    gated = []
    if form == 'gate':
        gate = model.neck.dgr.gate
        model.neck.dgr.gate = lambda own, incoming: gated.append((own, incoming)) or gate(own, incoming)
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    for _ in range(2):
        data = dict(inputs=list(noise(2, 1, 1, 64, 96)), data_samples=[sample([[8, 8, 20, 18]]), sample()])
        log = model.train_step(data, wrapper)
        assert torch.isfinite(log['loss'])
        assert ('loss_dgr' in log) == (form in ('feature', 'gradient'))
        if 'loss_dgr' in log:
            assert 0 < log['loss_dgr'] < 0.2
    if form == 'gate':
        assert len(gated) == 4  # two of three levels feed a finer one, in each step
        assert any(((own.float() * incoming.float()).sum(dim=1) < 0).any() for own, incoming in gated)
    for key, value in model.named_parameters():
        assert torch.isfinite(value).all()
        assert value.dtype == torch.float32
        if key.startswith(('backbone.', 'neck.')):  # of the head, levels without an assigned target stand still
            assert not torch.equal(value, before[key]), key
    model.eval()
    model.test_cfg.score_thr = model.bbox_head.test_cfg.score_thr = 0.0
    with torch.no_grad():
        meta = dict(video_id=1, frame_id=0, is_first=True, img_shape=(64, 96), ori_shape=(64, 96))
        result, = model.test_step(dict(inputs=[noise(1, 1, 1, 64, 96)[0]], data_samples=[sample([], **meta)]))
    assert len(result.pred_instances) > 0
    assert torch.isfinite(result.pred_instances.bboxes).all()


def _dataset(loader: dict) -> dict:
    """The data set under any wrappers."""
    dataset = loader['dataset']
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset
