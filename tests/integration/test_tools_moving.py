"""YOLO-BP through the real tools on generated sequences; evaluation with and without streaming agrees."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmirstd.evaluation.prediction_dump import PredictionDump
from tests.shared import REPO

CONFIG = """
_base_ = ['{repo}/configs/yolo_bp/yolo-bp-nano_cpu-b8-9e_drone-ir.py']
train_dataloader = dict(num_workers=0, persistent_workers=False)
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0, persistent_workers=False)
default_hooks = dict(logger=dict(interval=1))
train_cfg = dict(max_epochs=1, val_interval=1)
# Even boxes of a hardly trained network.
model = dict(test_cfg=dict(score_thr=0.0))
"""


@pytest.fixture(scope='module')
def config(tmp_path_factory: pytest.TempPathFactory, run) -> Path:
    folder = tmp_path_factory.mktemp('moving')
    run(
        'dataset_converters/make_synthetic.py',
        folder / 'data',
        '--mode',
        'sequences',
        '--num-train',
        2,
        '--num-val',
        1,
        '--num-test',
        2,
        '--num-frames',
        7,
        '--size',
        '64x64',
        '--workers',
        1,
        cwd=folder,
    )
    path = folder / 'config.py'
    path.write_text(CONFIG.format(repo=REPO.as_posix()))
    return path


def test_train_and_test(config: Path, run, tmp_path: Path) -> None:
    data, root = ('--data', 'synthetic-sequences'), f'data_root={config.parent / "data"}'
    done = run('train.py', config, *data, '--cfg-options', root, cwd=tmp_path)
    work = tmp_path / 'work_dirs' / 'config_synthetic-sequences'
    assert f'test.py {config} {work}/best_mAP50_epoch_1.pth --data synthetic-sequences' in done.stdout
    record = next(work.glob('2*/vis_data/scalars.json')).read_text().splitlines()
    losses = json.loads(record[0])
    for name in ('loss_cls', 'loss_bbox', 'loss_obj', 'loss_motion'):
        assert np.isfinite(losses[name])
    found = {}
    for streaming in (True, False):
        out = tmp_path / f'{streaming}.json'
        run(
            'test.py',
            config,
            work / 'epoch_1.pth',
            *data,
            '--work-dir',
            tmp_path / str(streaming),
            '--show-dir',
            tmp_path / f'pictures_{streaming}',
            '--per-image',
            tmp_path / f'images_{streaming}.json',
            '--dump',
            tmp_path / f'dump_{streaming}',
            '--cfg-options',
            root,
            f'model.test_cfg.streaming={streaming}',
            f'test_evaluator.results_out={out}',
            cwd=tmp_path,
        )
        found[streaming] = sorted(json.loads(out.read_text()), key=lambda box: (box['image_id'], *box['bbox']))
        pictures = sorted((tmp_path / f'pictures_{streaming}' / 'images' / 'test').rglob('*.png'))
        assert len(pictures) == 2 * 7
        assert cv2.imread(str(pictures[0])).shape[0] > 640  # 64 x 64, enlarged
    assert len(found[True]) == len(found[False]) > 100
    frames = json.loads((tmp_path / 'images_True.json').read_text())
    assert len(frames['images']) == 2 * 7
    assert sum(len(frame['records']['targets']) for frame in frames['images']) > 0
    runs = [tmp_path / f'images_{streaming}.json' for streaming in (True, False)]
    done = run('analysis_tools/compare_runs.py', *runs, cwd=tmp_path)
    record = json.loads((tmp_path / 'dump_True' / 'metrics.json').read_text())
    assert record['metrics']['boxes/Pd'] == frames['measures']['Pd']
    dump = PredictionDump(tmp_path / 'dump_True')
    assert len(dump) == 2 * 7
    assert sum(len(frame.boxes) for frame in dump.boxes.frames) == len(found[True])
    assert len({frame.sequence for frame in dump.boxes.frames}) == 2
    assert sum(int(image.mask.any()) for image in dump) > 0
    page = run('analysis_tools/report.py', tmp_path / 'dump_True', '--out', tmp_path / 'report.html', cwd=tmp_path)
    assert 'Not what the test run recorded' not in page.stdout
    assert f'mAP50 {record["metrics"]["boxes/mAP50"]:.4f}  Pd {frames["measures"]["Pd"]:.4f}' in page.stdout
    assert f'| images_True | Pd | {frames["measures"]["Pd"]:.4f} |' in done.stdout
    for streamed, whole in zip(found[True], found[False]):
        assert streamed['image_id'] == whole['image_id']
        assert streamed['score'] == pytest.approx(whole['score'], abs=1e-5)
        assert streamed['bbox'] == pytest.approx(whole['bbox'], abs=1e-3)


CLIP_MASKS = """
_base_ = ['{repo}/configs/dtum/resunet-dtum_b1-20e_nudt-mirsdt-masks.py']
train_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(key_every=7))
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0, persistent_workers=False)
train_cfg = dict(max_epochs=1, val_interval=1)
"""


def test_masks_of_clips(config: Path, run, tmp_path: Path) -> None:
    """A single-frame network with DTUM: trained, tested by sequence, and run on a folder of frames."""
    data = config.parent / 'data'
    path = tmp_path / 'masks.py'
    path.write_text(CLIP_MASKS.format(repo=REPO.as_posix()))
    options = ('--data', 'synthetic-sequences-masks', '--cfg-options', f'data_root={data}')
    run('train.py', path, *options, cwd=tmp_path)
    checkpoint = tmp_path / 'work_dirs' / 'masks_synthetic-sequences-masks' / 'epoch_1.pth'
    out = tmp_path / 'sequences.json'
    run('test.py', path, checkpoint, *options, f'test_evaluator.per_sequence_out={out}', cwd=tmp_path)
    tables = json.loads(out.read_text())
    assert {name: table['frames'] for name, table in tables['sequences'].items()} == {
        'test/seq0000': 7,
        'test/seq0001': 7,
    }
    assert {'IoU', 'nIoU', 'Pd', 'Fa'} <= set(tables['overall'])
    frames = data / 'images' / 'test' / 'seq0000'
    run('infer.py', path, checkpoint, frames, '--out', tmp_path / 'out', '--save', 'mask,json', cwd=tmp_path)
    masks = sorted((tmp_path / 'out' / 'masks').rglob('*.png'))
    assert len(masks) == 7
    assert all(cv2.imread(str(mask), cv2.IMREAD_UNCHANGED).shape == (64, 64) for mask in masks)
