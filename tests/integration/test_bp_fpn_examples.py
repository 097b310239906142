"""The worked examples: stock mmdet and mmseg configs as BP variants, built from the file and trained for a step."""

from __future__ import annotations

import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope

import mmirstd.registry  # noqa: F401
from mmirstd.registry import HOOKS
from tests.shared import REPO
from tests.test_models.test_necks.bp_fpn_models import det_batch, seg_batch

FOLDER = REPO / 'configs' / 'bp_fpn'
EXAMPLES = {
    'fcos_r50-caffe_bp-fpn_gn-head_1x_coco.py': 'FCOS',
    'rtmdet_tiny_bp-fpn_8xb32-300e_coco.py': 'RTMDet',
    'bp-fpn_r50_4xb4-160k_ade20k-512x512.py': 'EncoderDecoder',
}


@pytest.mark.parametrize('name', EXAMPLES)
def test_example(name: str) -> None:
    cfg = Config.fromfile(FOLDER / name)
    base = Config.fromfile(cfg_base(name))
    scope = cfg.default_scope
    # three lines of inheritance changed the neck, the hook, and nothing else but a level of the backbone
    assert cfg.model.neck.pyramid == base.model.neck
    assert cfg.model.type == EXAMPLES[name]
    unlike = {k for k in base.model if cfg.model[k] != base.model[k]}
    assert unlike <= {'neck', 'backbone'}
    assert dict(cfg.model.backbone, out_indices=0) == dict(base.model.backbone, out_indices=0)
    assert set(cfg.default_hooks) - set(base.default_hooks) == {'auxiliary_loss'}

    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(scope):
        model = revert_sync_batchnorm(build(cfg.model, scope))
        hook: Hook = HOOKS.build(cfg.default_hooks.auxiliary_loss)
        hook.before_train(type('Runner', (), dict(model=model)))
        model.train()
        optim_wrapper = build_optim_wrapper(
            model, dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
        )  # moves by lr, however small a gradient is
        batch = det_batch(64) if scope == 'mmdet' else seg_batch(64, classes=19)
        watched = dict(model.neck.gils.named_parameters())
        before = {k: v.detach().clone() for k, v in watched.items()}
        for _ in range(2):  # in the first, the shortcut is still closed
            log = model.train_step(copy.deepcopy(batch), optim_wrapper)
        assert 'loss_dgr' not in log  # the route acts in the backward pass
        assert model.neck.dgr.form == 'route'
        assert torch.isfinite(log['loss'])
        for key in ('scale', 'proj.conv.weight'):
            assert not torch.equal(watched[key], before[key])
        model.eval()
        with torch.no_grad():
            assert len(model.test_step(copy.deepcopy(batch))) == 2


def cfg_base(name: str) -> str:
    """The stock config that the example names as its base."""
    stock = (FOLDER / name).read_text().split("_base_ = '")[1].split("'")[0]
    return Config._get_cfg_path(stock, str(FOLDER / name))[0]


def build(cfg: dict, scope: str) -> torch.nn.Module:
    """Build a model, without downloading the weights it would start from."""
    from mmengine.registry import MODELS

    cfg = copy.deepcopy(cfg)
    cfg.pop('pretrained', None)
    cfg.backbone.pop('init_cfg', None)
    if scope == 'mmseg':
        cfg.data_preprocessor.size = (64, 64)
    return MODELS.build(cfg)
