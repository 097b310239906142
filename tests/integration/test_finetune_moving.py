"""Videos or frame folders in, a detector out: what docs/own_data.md promises of moving targets."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmirstd.cli.finetune import main
from mmirstd.utils.errors import ConfigError, DataError, UserError
from tests.shared import REPO
from tests.test_apis.helpers import write_video

FRAMES, HEIGHT, WIDTH = 6, 64, 64
#: A network of few channels, as a config of one's own.
CONFIG = """
_base_ = ['{repo}/configs/sstnet/sstnet-nano_cpu-b8-9e_drone-ir.py']
model = dict(
    backbone=dict(widen_factor=0.125),
    neck=dict(in_channels=[32, 64, 128], out_channels=32),
    temporal_neck=dict(in_channels=32, out_channels=32),
    bbox_head=dict(in_channels=32, feat_channels=32),
    motion_branch=dict(feat_channels=32, channels=16),
)
"""
Sequences = dict[str, tuple[list[np.ndarray], list[tuple[int, int]]]]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    """``mmirstd finetune`` as a user runs it."""
    return subprocess.run(
        [sys.executable, '-m', 'mmirstd.cli', 'finetune', *map(str, words)],
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(REPO)),
        check=False,
    )


@pytest.fixture(scope='module')
def sequences() -> Sequences:
    """Three sequences of 8-bit frames, each with a bright spot of 3x3 pixels that moves by two pixels a frame."""
    rng = np.random.default_rng(0)
    made: Sequences = {}
    for name, row in (('sky', 12), ('sea', 30), ('hill', 48)):
        frames, corners = [], []
        for number in range(FRAMES):
            frame = rng.normal(60, 4, (HEIGHT, WIDTH))
            column = 8 + 2 * number
            frame[row : row + 3, column : column + 3] = 220
            frames.append(frame.clip(0, 255).astype(np.uint8))
            corners.append((column, row))
        made[name] = frames, corners
    return made


@pytest.fixture
def frames(sequences: Sequences, tmp_path: Path) -> Path:
    """A folder of frames for each sequence."""
    for name, (pictures, _) in sequences.items():
        (tmp_path / 'frames' / name).mkdir(parents=True)
        for number, picture in enumerate(pictures):
            cv2.imwrite(str(tmp_path / 'frames' / name / f'{number:06d}.png'), picture)
    return tmp_path / 'frames'


def write_yolo(folder: Path, sequences: Sequences) -> Path:
    """A text file a frame, named by its number alone."""
    for name, (_, corners) in sequences.items():
        (folder / name).mkdir(parents=True)
        for number, (x, y) in enumerate(corners):
            line = f'0 {(x + 1.5) / WIDTH} {(y + 1.5) / HEIGHT} {3 / WIDTH} {3 / HEIGHT}\n'
            (folder / name / f'{number}.txt').write_text(line)
    return folder


def test_frame_folders_to_a_detector(frames: Path, sequences: Sequences, tmp_path: Path) -> None:
    base = tmp_path / 'tiny.py'
    base.write_text(CONFIG.format(repo=REPO.as_posix()))
    labels, out = write_yolo(tmp_path / 'boxes', sequences), tmp_path / 'mine'
    done = run(frames, labels, '--from', base, '--out', out, '--epochs', 1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '18 targets in 18 frames of 3 sequences' in done.stdout
    assert '6 frames to train on, 6 for validation, 6 to test, parted by sequence (3 sequences, seed 0)' in done.stdout
    assert 'from random weights' in done.stdout
    results = json.loads((out / 'results.json').read_text())
    assert Path(results['checkpoint']).is_file()
    assert {part: set(rows) for part, rows in results['measures'].items()} == {'val': {'tuned'}, 'test': {'tuned'}}
    assert set(results['measures']['test']['tuned']) == {'mAP50', 'F1', 'Pd', 'Fa_e6'}
    assert f'{frames} --out results --recursive' in done.stdout
    cfg = Config.fromfile(str(out / 'config.py'))
    assert cfg.model.backbone.widen_factor == 0.125
    assert cfg.train_dataloader.dataset.num_frames == 5
    boxes = json.loads((out / 'train.json').read_text())
    assert {image['file_name'].split('/')[0] for image in boxes['images']} < set(sequences)
    assert boxes['annotations'][0]['bbox'][2:] == [3, 3]


def test_videos_and_a_table_of_points(sequences: Sequences, tmp_path: Path) -> None:
    (tmp_path / 'videos').mkdir()
    rows = [['image', 'x', 'y']]
    for name, (pictures, corners) in sequences.items():
        write_video(tmp_path / 'videos' / f'{name}.avi', pictures)
        rows += [[f'{name}/{number + 1}', x + 1, y + 1] for number, (x, y) in enumerate(corners)]
    with open(tmp_path / 'points.csv', 'w', newline='') as file:
        csv.writer(file).writerows(rows)
    done = run(
        tmp_path / 'videos', tmp_path / 'points.csv', '--out', tmp_path / 'mine', '--first-frame', 1, '--no-train'
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '3 videos: 18 frames, numbered from 1' in done.stdout
    assert '18 points have no size: each is taken as 5x5 pixels (--point-size)' in done.stdout
    assert 'start: yolox-bp-giou-nano_cpu-b16-4e_drone-ir-synthetic, ' in done.stdout  # the detector with weights
    assert 'before the training, on 12 training and validation images: mAP50 ' in done.stdout
    for part in ('train', 'val', 'test'):
        content = json.loads((tmp_path / 'mine' / f'{part}.json').read_text())
        for image, box in zip(content['images'], content['annotations']):
            name, number = image['file_name'][:-4].split('/')
            x, y = sequences[name][1][int(number) - 1]
            assert box['bbox'] == [x - 1, y - 1, 5, 5]  # the spot of 3x3 and a pixel around it


def test_masks_and_one_long_sequence(frames: Path, sequences: Sequences, tmp_path: Path) -> None:
    mask_folder = tmp_path / 'masks'
    mask_folder.mkdir()
    for number, (x, y) in enumerate(sequences['sky'][1]):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[y : y + 3, x : x + 3] = 255
        cv2.imwrite(str(mask_folder / f'{number:06d}_mask.png'), mask)
    words = [frames / 'sky', mask_folder, '--moving', '--weights', 'none', '--val', '0.3', '--test', '0.3']
    main([*map(str, words), '--out', str(tmp_path / 'mine'), '--no-train', '--no-check'])
    parts = {
        part: [image['file_name'] for image in json.loads((tmp_path / 'mine' / f'{part}.json').read_text())['images']]
        for part in ('train', 'val', 'test')
    }
    names = [f'{number:06d}.png' for number in range(FRAMES)]
    assert parts['train'] + parts['val'] + parts['test'] == names  # cut in time
    assert all(parts.values())
    content = json.loads((tmp_path / 'mine' / 'train.json').read_text())
    assert content['annotations'][0]['bbox'] == [8, 12, 3, 3]


def test_a_file_of_labels_for_each_sequence(frames: Path, sequences: Sequences, tmp_path: Path) -> None:
    (tmp_path / 'labels').mkdir()
    for name in ('sky', 'sea', 'hill'):
        content = dict(images=[], annotations=[], categories=[dict(id=1, name=name)])
        for number, (x, y) in enumerate(sequences[name][1], 1):
            content['images'].append(dict(id=number, file_name=f'{number - 1:06d}.png', width=WIDTH, height=HEIGHT))
            box = dict(id=number, image_id=number, category_id=1, bbox=[x, y, 3, 3], area=9, iscrowd=0)
            content['annotations'].append(box)
        (tmp_path / 'labels' / f'{name}.json').write_text(json.dumps(content))
    words = [frames, tmp_path / 'labels', '--moving', '--weights', 'none', '--out', tmp_path / 'mine']
    main([*map(str, words), '--no-train', '--no-check'])
    boxes = json.loads((tmp_path / 'mine' / 'test.json').read_text())
    assert len(boxes['images']) == FRAMES
    assert [category['name'] for category in boxes['categories']] == ['target']


def test_a_detector_on_stills_parts_them_one_by_one(sequences: Sequences, tmp_path: Path) -> None:
    """Images of one folder that do not follow each other: neither --moving nor a video was said."""
    content = dict(images=[], annotations=[], categories=[dict(id=1, name='target')])
    (tmp_path / 'stills').mkdir()
    for number, (picture, (x, y)) in enumerate(zip(*sequences['sky']), 1):
        cv2.imwrite(str(tmp_path / 'stills' / f'{number}.png'), picture)
        content['images'].append(dict(id=number, file_name=f'{number}.png', width=WIDTH, height=HEIGHT))
        content['annotations'].append(dict(id=number, image_id=number, category_id=1, bbox=[x, y, 3, 3], area=9))
    (tmp_path / 'boxes.json').write_text(json.dumps(content))
    words = [tmp_path / 'stills', tmp_path / 'boxes.json', '--from', 'yolox-nano_cpu-b8-9e_drone-ir']
    main([*map(str, words), '--out', str(tmp_path / 'mine'), '--no-train', '--no-check'])
    assert 'parted image by image' in (tmp_path / 'mine' / 'config.py').read_text()


@pytest.mark.parametrize(
    ('labels', 'words', 'said', 'kind'),
    [
        ('missing', ['--moving'], 'no such file or folder', UserError),
        ('empty', ['--moving'], 'this folder of labels is empty', DataError),
        ('of_no_format', ['--moving'], 'holds neither masks nor labels of one known format', DataError),
        ('boxes', ['--moving', '--from', 'ggl-net-tiny_general'], 'is a network of single images', ConfigError),
        ('boxes', ['--from', 'fcos_r50-caffe_bp-fpn_gn-head_1x_coco'], 'trains on', ConfigError),
    ],
)
def test_wrong_input_is_said(
    frames: Path, sequences: Sequences, tmp_path: Path, labels: str, words: list[str], said: str, kind: type[Exception]
) -> None:
    write_yolo(tmp_path / 'boxes', sequences)
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'of_no_format').mkdir()
    (tmp_path / 'of_no_format' / 'letter.doc').touch()
    with pytest.raises(kind, match=said):
        main([str(frames), str(tmp_path / labels), '--out', str(tmp_path / 'mine'), *words])
    assert not (tmp_path / 'mine').exists()
