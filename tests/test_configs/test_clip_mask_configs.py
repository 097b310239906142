"""Every config of a segmentor of clips is complete, trains a step and predicts."""

from __future__ import annotations

import pytest
import torch
from mmengine.registry import init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.registry import MODELS
from tests.test_models.clip_segmentors import clip_batch, key_sample

from .configs import CLIP_MASKS, load


@pytest.mark.parametrize('name', CLIP_MASKS)
def test_consistent(name: str) -> None:
    """Training gives the clips that the network takes, tests give one frame after the other."""
    cfg = load(name)
    frames = cfg.model.get('num_frames', 5)
    assert cfg.train_dataloader.dataset.num_frames == frames
    assert cfg.model.temporal_neck.num_frames == frames if 'num_frames' in cfg.model.get('temporal_neck', {}) else True
    masks = next(step for step in cfg.train_dataloader.dataset.pipeline if step.type == 'mmirstd.LoadClipMasks')
    assert masks.frames == 'all'
    windows = cfg.model.test_cfg.get('frames') == 'all'
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.num_frames == (frames if windows else 1)
        assert loader.dataset.streaming == (not windows)
        assert ('window_step' in loader.dataset) == windows
        assert loader.sampler.type == 'mmirstd.SequenceSampler'
    assert cfg.default_scope == 'mmseg'


@pytest.mark.parametrize('name', CLIP_MASKS)
def test_a_training_step_and_a_test_step(name: str) -> None:
    cfg = load(name)
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).train()
    data = clip_batch(2, model.num_frames, 32)
    total, logged = model.parse_losses(model(**model.data_preprocessor(data, True), mode='loss'))
    total.backward()
    assert torch.isfinite(logged['loss'])
    assert [key for key, p in model.named_parameters() if p.requires_grad and p.grad is None] == []
    model.eval()
    with torch.no_grad():
        sample = key_sample(29, 30, padding_size=(0, 2, 0, 3))
        frames = model.num_frames if model.predicted == 'all' else 1
        (result,) = model.test_step(dict(inputs=[torch.rand(frames, 1, 32, 32)], data_samples=[sample]))
    prob, label = result.seg_logits.data, result.pred_sem_seg.data
    assert prob.shape == label.shape == (frames, 29, 30)
    assert ((prob >= 0) & (prob <= 1)).all()
    assert torch.equal(label > 0, prob > 0.5)
