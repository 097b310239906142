"""Every config of moving targets builds, and its variants differ from their base in the neck alone."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.registry import MODELS
from tests.shared import REPO

CONFIGS = sorted(path.relative_to(REPO / 'configs').as_posix()
                 for folder in ('yolox', 'sstnet', 'yolo_bp') for path in (REPO / 'configs' / folder).glob('*.py'))
DATA = ('daub', 'irdst', 'itsdt-15k', 'drone-ir', 'synthetic-sequences')


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


@pytest.mark.parametrize('name', [name for name in CONFIGS if name.endswith(('_drone-ir.py', '_daub.py'))])
def test_model_builds(name: str) -> None:
    """Networks differ between two tiers only; the other data sets share them."""
    cfg = load(name)
    model = MODELS.build(cfg.model).eval()
    with torch.no_grad():
        level, = model.extract_feat(torch.rand(1, model.num_frames, 1, 64, 32))
    assert level.shape[-2:] == (8, 4)


def test_a_base_checkpoint_loads_into_every_variant() -> None:
    base = MODELS.build(load('sstnet/sstnet-tiny_drone-ir.py').model)
    for variant in ('sstnet-gils', 'sstnet-dgr', 'yolo-bp'):
        model = MODELS.build(load(f'yolo_bp/{variant}-tiny_drone-ir.py').model)
        missing, unexpected = model.load_state_dict(base.state_dict(), strict=False)
        assert not unexpected
        assert missing
        assert all(key.startswith(('neck.gils.', 'neck.dgr.')) for key in missing)


def _dataset(loader: dict) -> dict:
    """The data set under any wrappers."""
    dataset = loader['dataset']
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset
