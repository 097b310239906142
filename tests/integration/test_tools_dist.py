"""Two processes on CPU, by gloo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import mmirstd.registry  # noqa: F401
from mmirstd.evaluation.prediction_dump import PredictionDump

pytestmark = pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason='this torch has no gloo backend')


def metrics(path: Path) -> dict[str, float]:
    return json.loads(path.read_text())['metrics']


def test_two_processes_report_the_metrics_of_one(trained, tiny_config, run, tmp_path):
    checkpoint = trained[0] / 'epoch_2.pth'
    common = ('--protocol', 'msda', '--show-dir', 'pictures')
    # three test images on two ranks: one is padded in and must not count twice
    odd = ('--cfg-options', 'test_dataloader.dataset.indices=3')
    run('test.py', tiny_config, checkpoint, '--out', 'one.json', *common, *odd, cwd=tmp_path)
    run('dist_test.sh', tiny_config, checkpoint, 2, '--out', 'two.json', '--dump', 'dump', *common, *odd, cwd=tmp_path)
    one, two = metrics(tmp_path / 'one.json'), metrics(tmp_path / 'two.json')
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert two[name] == pytest.approx(value, abs=1e-6, nan_ok=True), name
    assert json.loads((tmp_path / 'two.json').read_text())['processes'] == 2
    assert len(list((tmp_path / 'pictures').glob('*.png'))) == 3
    assert [image.name for image in PredictionDump(tmp_path / 'dump')] == ['scene020', 'scene021', 'scene022']


def test_two_processes_train_like_one_with_the_whole_batch(make_config, run, tmp_path):
    # Group norm, no augmentation, float32 and SGD: then half a batch on each of two ranks is the same step.
    extra = """
_pipeline = [dict(type='mmirstd.LoadInfraredImage'), dict(type='mmirstd.LoadTargetMask'), dict(type='PackSegInputs')]
train_dataloader['dataset']['pipeline'] = _pipeline
optim_wrapper = dict(_delete_=True, type='OptimWrapper', optimizer=dict(type='SGD', lr=0.05))
param_scheduler = []
train_cfg = dict(max_epochs=1, val_interval=1)
"""
    config = make_config('gn', extra, norm="dict(type='GN', num_groups=2)")
    run('train.py', config, '--work-dir', 'one', cwd=tmp_path)
    done = run(
        'dist_train.sh', config, 2, '--work-dir', 'two', '--cfg-options', 'train_dataloader.batch_size=2', cwd=tmp_path
    )
    assert 'in each of 2 process(es)' in done.stdout
    one, two = (torch.load(tmp_path / d / 'epoch_1.pth', weights_only=False) for d in ('one', 'two'))
    assert one['meta']['iter'] == two['meta']['iter'] == 4
    for key, value in one['state_dict'].items():
        torch.testing.assert_close(two['state_dict'][key], value, rtol=1e-4, atol=1e-5)
    best = [next((tmp_path / d).glob('best_*.pth')) for d in ('one', 'two')]
    scores = [torch.load(b, weights_only=False)['message_hub']['runtime_info']['best_score'] for b in best]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)
