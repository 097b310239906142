"""Every config of moving targets builds, and its variants differ from their base in the neck alone."""

from __future__ import annotations

import logging

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.engine.config_files import load_config
from mmirstd.models.auxiliary_loss import attach_auxiliary_losses
from mmirstd.registry import MODELS
from tests.shared import REPO
from tests.test_models.clip_models import model_channels, noise, sample

from .configs import MOVING, relative

NANO = 'nano_cpu-b8-9e_drone-ir'
#: Those of configs/ and those beside a suite.
EVERY = {**MOVING, **{f'{path.stem}, hard': path for path in (REPO / 'benchmarks' / 'bp-fpn-hard').glob('*.py')}}
#: --cfg-options that leave one part of BP-FPN away (configs/yolo_bp/README.md).
GILS_ALONE = {'model.neck.dgr': None}
DGR_ALONE = {'model.neck.gils': None, 'model.backbone.out_indices': [2, 3, 4]}
FEATURE = {'model.neck.dgr.form': 'feature'}  # the form with parameters
BOTH = {'model.neck.gils.at': 'output', 'model.backbone.out_indices': [1, 2, 3, 4]}


def load(name: str, options: dict | None = None) -> Config:
    """A config of its own, which may be changed."""
    init_default_scope('mmdet')
    return load_config(relative(EVERY[name]), options)


@pytest.mark.parametrize('name', EVERY)
def test_consistent(name: str) -> None:
    """The data give as many frames as the model takes, and evaluation streams or sees whole clips."""
    cfg = load(name)
    frames = cfg.model.num_frames
    assert frames == (1 if name.startswith('yolox') else 5)
    assert _dataset(cfg.train_dataloader).get('num_frames', 5) == frames
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        dataset = _dataset(loader)
        assert dataset.get('num_frames', 5) in ({frames, 1} if cfg.model.test_cfg.streaming else {frames})
        assert dataset.get('stride', 1) == cfg.model.test_cfg.get('stride', 1)
    assert cfg.default_hooks.auxiliary_loss.type == 'mmirstd.AuxiliaryLossHook'
    assert cfg.default_scope == 'mmdet'


@pytest.mark.parametrize('name', EVERY)
def test_a_training_step_and_a_test_step(name: str) -> None:
    """Every parameter gets a gradient; the features have the strides of the head."""
    cfg = load(name)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).train()
    attach_auxiliary_losses(model)
    frames, channels = model.input_frames, model_channels(model)
    # Of TDCNet a small image needs no shifted windows.
    size = (256, 128) if name.startswith('tdcnet') else (64, 32)
    samples = [sample([box], img_shape=size) for box in ([8, 8, 20, 18], [4, 40, 12, 50])]
    data = dict(inputs=list(noise(2, frames, channels, *size)), data_samples=samples)
    total, logged = model.parse_losses(model(**model.data_preprocessor(data, True), mode='loss'))
    total.backward()
    assert torch.isfinite(logged['loss'])
    assert [key for key, value in model.named_parameters() if value.grad is None and value.requires_grad] == []
    model.eval()
    with torch.no_grad():
        levels = model.extract_feat(noise(1, frames, channels, *size))
        meta = dict(video_id=1, frame_id=0, is_first=True, img_shape=size, ori_shape=size)
        frames = 1 if model.test_cfg.get('streaming') else frames
        inputs = list(noise(1, frames, channels, *size))
        (result,) = model.test_step(dict(inputs=inputs, data_samples=[sample([], **meta)]))
    sizes = [(size[0] // stride, size[1] // stride) for stride in (8, 16, 32)]
    assert [tuple(level.shape[-2:]) for level in levels] == sizes[: 3 if 'p345' in name else 1]
    assert torch.isfinite(result.pred_instances.bboxes).all()


@pytest.mark.parametrize(
    ('base', 'name', 'options'),
    [
        ('sstnet', 'yolo-bp', {}),
        ('sstnet', 'yolo-bp', GILS_ALONE),
        ('sstnet', 'yolo-bp', DGR_ALONE),
        ('yolox', 'yolox-bp', {}),
        ('yolox', 'yolox-gils', {}),
        ('yolox', 'yolox-dgr', {}),
        ('yolox-p345', 'yolox-p345-gate', {}),
        ('yolox-p345', 'yolox-p345-gate', {**BOTH, **GILS_ALONE}),
        ('yolox-p345', 'yolox-p345-gate', {'model.neck.dgr.form': 'feature'}),
        ('yolox-p345', 'yolox-p345-gate', {**BOTH, 'model.neck.dgr.form': 'feature'}),
    ],
)
def test_a_base_checkpoint_loads_into_every_variant(base: str, name: str, options: dict) -> None:
    state = MODELS.build(load(f'{base}-{NANO}').model).state_dict()
    cfg = load(f'{name}-{NANO}', options)
    missing, unexpected = MODELS.build(cfg.model).load_state_dict(state, strict=False)
    assert not unexpected
    neck = cfg.model.neck
    embeds = (neck.get('dgr') or {}).get('form') == 'feature'
    assert bool(missing) == (neck.get('gils') is not None or embeds)  # gate and route have no parameters
    assert all(key.startswith(('neck.gils.', 'neck.dgr.')) for key in missing)


@pytest.mark.parametrize(('part', 'options'), [('gils', GILS_ALONE), ('dgr', DGR_ALONE)])
def test_one_part_by_options_is_the_config_that_has_only_it(part: str, options: dict) -> None:
    made, written = load(f'yolox-bp-{NANO}', options), load(f'yolox-{part}-{NANO}')
    assert str(MODELS.build(made.model)) == str(MODELS.build(written.model))


@pytest.mark.parametrize('name', ['yolo-bp_b4-20e_daub', 'yolox-bp_b4-20e_daub'])
def test_the_parts_by_options_make_up_the_whole(name: str) -> None:
    both, gils, dgr = (
        {
            key
            for key in MODELS.build(load(name, options).model).state_dict()
            if key.startswith('neck.') and not key.startswith('neck.pyramid.')
        }
        for options in (FEATURE, {**FEATURE, **GILS_ALONE}, {**FEATURE, **DGR_ALONE})
    )
    assert gils | dgr == both
    assert not gils & dgr
    assert gils
    assert dgr


THREE_LEVELS = {
    'yolox-p345': [None],
    'yolox-p345-gate': ['gate', 'feature', 'gradient', 'route'],
    'yolox-p345-gate, gils': [None],
    'yolox-p345-gate, both': ['feature', 'gradient', 'gate', 'route'],
}


@pytest.mark.parametrize(('name', 'form'), [(name, form) for name, forms in THREE_LEVELS.items() for form in forms])
def test_three_levels_train_in_bfloat16_and_predict(name: str, form: str | None) -> None:
    """Two steps of the config's own optimizer wrapper, then the boxes of a frame from the streaming detector."""
    config, _, variant = name.partition(', ')
    cfg = load(f'{config}-{NANO}', {'gils': {**BOTH, **GILS_ALONE}, 'both': BOTH, '': {}}[variant])
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
        (result,) = model.test_step(dict(inputs=[noise(1, 1, 1, 64, 96)[0]], data_samples=[sample([], **meta)]))
    assert len(result.pred_instances) > 0
    assert torch.isfinite(result.pred_instances.bboxes).all()


def _dataset(loader: dict) -> dict:
    """The data set under any wrappers."""
    dataset = loader['dataset']
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset
