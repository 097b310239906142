"""Networks of mmseg and mmdet as they ship them: on our data and with our metric, in our report."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmirstd.evaluation.functional import evaluate
from mmirstd.evaluation.prediction_dump import PredictionDump
from mmirstd.utils.files import save_png
from tests.shared import REPO
from tests.test_apis.stock_detector import write_stock_detector

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


BOXES = """
test_dataloader = dict(
    batch_size=1, num_workers=0, persistent_workers=False,
    dataset=dict(data_root='data/', ann_file='boxes.json', data_prefix=dict(img='images/'),
                 metainfo=dict(classes=('target',))))
test_evaluator = dict(ann_file='data/boxes.json')
"""


def test_a_detector_of_mmdet_from_test_to_report(run, tmp_path):
    """Stock config, pipeline, data set and metric; one image has no box."""
    images, boxes = [], []
    for number in range(3):
        gray = np.random.default_rng(number).normal(90, 6, (64, 80))
        x, y = 10 + 9 * number, 20 + 5 * number
        gray[y : y + 4, x : x + 5] += 90
        save_png(tmp_path / 'data' / 'images' / f'{number}.png', np.clip(gray, 0, 255).astype(np.uint8))
        images.append(dict(id=number, file_name=f'{number}.png', height=64, width=80))
        boxes.append(dict(id=number, image_id=number, category_id=1, bbox=[x, y, 5, 4], area=20, iscrowd=0))
    annotation = dict(images=images, annotations=boxes[:2], categories=[dict(id=1, name='target')])
    (tmp_path / 'data' / 'boxes.json').write_text(json.dumps(annotation))
    config, weights = write_stock_detector(tmp_path, BOXES)
    run('test.py', config, weights, '--dump', 'dump', cwd=tmp_path)
    dumped = PredictionDump(tmp_path / 'dump').boxes
    assert [frame.targets.tolist() for frame in dumped.frames] == [[[10, 20, 15, 24]], [[19, 25, 24, 29]], []]
    assert all(len(frame.boxes) > 5 for frame in dumped.frames)
    done = run('analysis_tools/report.py', 'dump', '--out', 'report.html', cwd=tmp_path)
    recorded = json.loads((tmp_path / 'dump' / 'metrics.json').read_text())['metrics']
    assert f'mAP50 {recorded["boxes/coco/bbox_mAP_50"]:.3f}' in done.stdout
    done = run('infer.py', config, weights, 'data/images', '--out', 'out', '--threshold', '0', cwd=tmp_path)
    assert '3 done' in done.stdout
    found = json.loads((tmp_path / 'out' / 'json' / '0.json').read_text())['targets']
    assert found[0]['peak'] == pytest.approx(float(dumped.frames[0].scores.max()), abs=1e-4)
