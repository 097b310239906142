"""Networks of mmseg as it ships them, on our data and with our metric."""

from __future__ import annotations

import json

import numpy as np

from mmirstd.evaluation.functional import evaluate
from mmirstd.evaluation.prediction_dump import PredictionDump
from tests.shared import REPO

# Two classes and their softmax; cut down to a few channels.
FCN_UNET = """
_base_ = [
    'mmseg::_base_/models/fcn_unet_s5-d16.py',
    '{repo}/configs/_base_/datasets/sirst_pipelines.py',
    '{repo}/configs/_base_/schedules/cpu_adamw-onecycle.py',
    '{repo}/configs/_base_/default_runtime.py',
]
norm_cfg = dict(type='BN')
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(base_channels=4, norm_cfg=norm_cfg),
    decode_head=dict(in_channels=4, channels=4, norm_cfg=norm_cfg),
    auxiliary_head=dict(in_channels=8, channels=4, norm_cfg=norm_cfg),
    test_cfg=dict(crop_size=(32, 32), stride=(21, 21)))
root = dict(data_root='{data}', ann_file='img_idx/test_TINY.txt')
train_dataloader = dict(batch_size=4, num_workers=0, persistent_workers=False, dataset=root)
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=root)
test_dataloader = dict(num_workers=0, persistent_workers=False, dataset=root)
train_cfg = dict(max_epochs=1, val_interval=1)
"""


def test_two_classes_with_softmax_from_training_to_results(tiny_data, run, tmp_path):
    config = tmp_path / 'fcn.py'
    config.write_text(FCN_UNET.format(repo=REPO.as_posix(), data=tiny_data.as_posix()))
    options = '--cfg-options', 'crop_size=32'
    trained = run('train.py', config, *options, cwd=tmp_path)
    assert trained.stdout.count('become nearly the same gray') == 1
    assert 'IoU' in trained.stdout
    checkpoint = tmp_path / 'work_dirs' / 'fcn' / 'epoch_1.pth'
    run('test.py', config, checkpoint, '--dump', 'dump', '--show-dir', 'pictures', cwd=tmp_path)
    dump = PredictionDump(tmp_path / 'dump')
    again = evaluate('default', [(image.probability, image.mask) for image in dump])
    for name in ('IoU', 'Pd', 'Fa'):
        assert json.loads((tmp_path / 'dump' / 'metrics.json').read_text())['metrics'][name] == again[name]
    assert len(list((tmp_path / 'pictures').glob('*.png'))) == 4
    run(
        'infer.py',
        config,
        checkpoint,
        tiny_data / 'images' / 'scene020.png',
        '--out',
        'out',
        '--save',
        'npy',
        cwd=tmp_path,
    )
    probability = np.load(tmp_path / 'out' / 'npy' / 'scene020.npy')
    assert 0 < probability.min() < probability.max() < 1
    np.testing.assert_allclose(probability, next(iter(dump)).probability, atol=2 / 65535)
