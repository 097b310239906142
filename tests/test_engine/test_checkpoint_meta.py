"""A threshold in the meta data of a checkpoint: written whole, read without code, followed by the inferencers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmirstd.apis import IRSTDInferencer
from mmirstd.cli.publish import publish
from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.engine.checkpoint_meta import read_meta, store_operating_point, stored_operating_point
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.registry import MODELS
from mmirstd.utils.errors import CheckpointError
from tests.test_apis.helpers import scene, tiny_ggl_config

POINT = OperatingPoint(0.25, None, 'at most 1e-06 false-alarm pixels a pixel', dict(images=3))


@pytest.fixture(scope='module')
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    init_default_scope('mmseg')
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'tiny.pth'
    torch.save(dict(meta=dict(epoch=3), state_dict=MODELS.build(tiny_ggl_config().model).state_dict()), path)
    return path


def test_weights_and_the_rest_stay(weights: Path, tmp_path: Path) -> None:
    assert stored_operating_point(weights) is None
    target = tmp_path / 'new' / 'calibrated.pth'
    store_operating_point(weights, target, POINT)
    assert stored_operating_point(target) == POINT
    assert read_meta(target)['epoch'] == 3
    before, after = (load_checkpoint_file(path)['state_dict'] for path in (weights, target))
    assert list(before) == list(after)
    assert all(torch.equal(before[key], after[key]) for key in before)
    store_operating_point(target, target, OperatingPoint(9.0))
    assert stored_operating_point(target) == OperatingPoint(9.0)
    publish(target, tmp_path / 'small.pth')
    assert stored_operating_point(tmp_path / 'small.pth') == OperatingPoint(9.0)
    assert [path.name for path in target.parent.iterdir()] == ['calibrated.pth']


def test_a_bare_state_dict_becomes_a_checkpoint(tmp_path: Path) -> None:
    torch.save(dict(a=torch.ones(2)), tmp_path / 'bare.pth')
    store_operating_point(tmp_path / 'bare.pth', tmp_path / 'with.pth', POINT)
    assert load_checkpoint_file(tmp_path / 'with.pth')['state_dict']['a'].tolist() == [1, 1]


def test_a_damaged_one_is_told(tmp_path: Path) -> None:
    torch.save(dict(meta=dict(operating_point=dict(format=9)), state_dict={}), tmp_path / 'x.pth')
    with pytest.raises(CheckpointError, match='format 9(?s:.)*mmirstd calibrate'):
        stored_operating_point(tmp_path / 'x.pth')


def test_inferencers_follow_it_and_say_so(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(IRSTDInferencer, '_say', lambda self, text: said.append(text))
    options = dict(device='cpu', backend='torch')
    [plain] = IRSTDInferencer(tiny_ggl_config(), weights, **options).infer(scene())
    assert not said
    assert np.array_equal(plain.mask, plain.probability > 0.5)
    assert plain.header()['logit_threshold'] is None
    point = OperatingPoint(float(np.quantile(plain.logit, 0.9)), asked='at most 1e-06 ...')
    store_operating_point(weights, tmp_path / 'calibrated.pth', point)
    inferencer = IRSTDInferencer(tiny_ggl_config(), tmp_path / 'calibrated.pth', **options)
    [found] = inferencer.infer(scene())
    assert len(said) == 1
    assert str(point) in said[0]
    assert np.array_equal(found.mask, plain.logit > point.logit)
    assert 0 < found.mask.mean() < 0.2
    assert found.header()['logit_threshold'] == point.logit
    assert inferencer.provenance()['operating_point'] == point.as_dict()
    assert max(target.logit for target in found.targets) == pytest.approx(float(found.logit.max()))
    [own] = IRSTDInferencer(tiny_ggl_config(), tmp_path / 'calibrated.pth', threshold=0.5, **options).infer(scene())
    assert np.array_equal(own.mask, plain.mask)
    assert len(said) == 1
    with pytest.raises(ValueError, match='two thresholds'):
        IRSTDInferencer(tiny_ggl_config(), weights, threshold=0.5, operating_point=point, **options)
