"""The journeys of a newcomer, by nothing but what the pages say: their commands are run on small files made here."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.pages import run_section
from tests.test_apis.helpers import write_video

SIZE, FRAMES = 64, 6


def _scene(rng: np.random.Generator, x: int, y: int) -> tuple[np.ndarray, np.ndarray]:
    """A noisy 8-bit image with a bright spot of 3x3 pixels, and its mask."""
    image, mask = rng.normal(60, 4, (SIZE, SIZE)), np.zeros((SIZE, SIZE), np.uint8)
    image[y : y + 3, x : x + 3], mask[y : y + 3, x : x + 3] = 220, 255
    return image.clip(0, 255).astype(np.uint8), mask


def _write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


def _coco(path: Path, boxes: dict[str, tuple[int, int]]) -> None:
    images = [dict(id=k, file_name=name, width=SIZE, height=SIZE) for k, name in enumerate(boxes, 1)]
    targets = [
        dict(id=k, image_id=k, category_id=1, bbox=[x, y, 3, 3], area=9, iscrowd=0)
        for k, (x, y) in enumerate(boxes.values(), 1)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    content = dict(images=images, annotations=targets, categories=[dict(id=1, name='target')])
    path.write_text(json.dumps(content))


@pytest.fixture
def stills(tmp_path: Path) -> Path:
    """``my/images``, ``my/masks``, ``my/annotations.json`` and ``my/points.csv``."""
    rng, boxes = np.random.default_rng(0), {}
    for number in range(12):
        x, y = rng.integers(8, SIZE - 10, 2).tolist()
        image, mask = _scene(rng, x, y)
        _write(tmp_path / f'my/images/{number:02d}.png', image)
        _write(tmp_path / f'my/masks/{number:02d}_mask.png', mask)
        boxes[f'{number:02d}.png'] = x, y
    _coco(tmp_path / 'my/annotations.json', boxes)
    with open(tmp_path / 'my/points.csv', 'w', newline='') as file:
        csv.writer(file).writerows([('image', 'x', 'y'), *((name, x + 1, y + 1) for name, (x, y) in boxes.items())])
    return tmp_path


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """``my/videos`` with ``my/labels``, and the same as ``my/frames`` with ``my/frames.json``."""
    rng, all_boxes = np.random.default_rng(1), {}
    for number, name in enumerate(('sky', 'sea', 'hill')):
        boxes = {f'{k:06d}.png': (8 + 2 * k, 12 + 16 * number) for k in range(FRAMES)}
        frames = [_scene(rng, *place)[0] for place in boxes.values()]
        (tmp_path / 'my/videos').mkdir(parents=True, exist_ok=True)
        write_video(tmp_path / f'my/videos/{name}.avi', frames)
        _coco(tmp_path / f'my/labels/{name}.json', boxes)
        for file, frame in zip(boxes, frames):
            _write(tmp_path / f'my/frames/{name}/{file}', frame)
        all_boxes.update({f'{name}/{file}': place for file, place in boxes.items()})
    _coco(tmp_path / 'my/frames.json', all_boxes)
    return tmp_path


def _first_trains(words: list[str]) -> list[str]:
    return ['--epochs', '1'] if words[words.index('--out') + 1] in ('my_run', 'my_detector') else ['--no-train']


def test_masks_boxes_and_points(stills: Path) -> None:
    masks, boxes, points = run_section('own_data.md', 'From two folders to a fine-tuned network', stills, _first_trains)
    assert '12 images with masks' in masks
    assert 'after fine-tuning' in masks
    assert (stills / 'my_run/results.json').is_file()
    assert '12 targets; masks are made of them' in boxes
    assert '12 points have grown to the pixels above 0.3 of the local contrast' in points
    made = cv2.imread(str(stills / 'my_points/data/masks/00.png'), cv2.IMREAD_UNCHANGED) > 0
    true = cv2.imread(str(stills / 'my/masks/00_mask.png'), cv2.IMREAD_UNCHANGED) > 0
    assert made.any()
    assert not (made & ~true).any()


def test_a_moving_set(videos: Path) -> None:
    decoded, folders = run_section('own_data.md', 'From videos to a detector of moving targets', videos, _first_trains)
    assert '3 videos: 18 frames' in decoded
    assert 'after fine-tuning' in decoded
    assert set(json.loads((videos / 'my_detector/results.json').read_text())['measures']) == {'val', 'test'}
    assert '18 targets in 18 frames of 3 sequences' in folders


def test_a_config_of_ones_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for number in range(14):
        image, mask = _scene(rng, *rng.integers(8, SIZE - 10, 2).tolist())
        _write(tmp_path / f'data/mine/images/{number:02d}.png', image)
        _write(tmp_path / f'data/mine/masks/{number:02d}.png', mask)
    (tmp_path / 'data/mine/img_idx').mkdir()
    for part, numbers in (('train', range(10)), ('test', range(10, 14))):
        (tmp_path / f'data/mine/img_idx/{part}.txt').write_text(''.join(f'{number:02d}\n' for number in numbers))
    short = ['--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1', 'crop_size=64']
    checked, trained = run_section(
        'own_data.md', 'Images with masks', tmp_path, lambda words: short if words[0] == 'train' else []
    )
    assert 'nothing wrong was found' in checked or '0 errors' in checked
    assert 'best_IoU_epoch_1.pth' in trained


def test_a_detector_of_mmdet(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for number, part in enumerate(('train', 'val', 'test')):
        boxes = {f'{part}/{k:06d}.png': (8 + 4 * k, 12 + 12 * number) for k in range(FRAMES)}
        for name, place in boxes.items():
            _write(tmp_path / 'data/mine' / name, _scene(rng, *place)[0])
        _coco(tmp_path / f'data/mine/instances_{part}2017.json', boxes)
    short = ['--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    _, trained = run_section(
        'moving_targets.md',
        'A detector of mmdet on your frames',
        tmp_path,
        lambda words: short if words[0] == 'train' else [],
    )
    assert 'best_mAP50_epoch_1.pth' in trained
    assert len(list((tmp_path / 'work_dirs/my_detector/worst_val').glob('*.png'))) == 2  # of one sequence


def test_masks_of_other_programs(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for number in range(4):
        image, mask = _scene(rng, *rng.integers(8, SIZE - 10, 2).tolist())
        soft = cv2.GaussianBlur(mask, (0, 0), 0.5)
        for folder in ('masks', 'datasets/NUAA-SIRST/masks'):
            _write(tmp_path / folder / f'{number}.png', mask)
        for folder, picture in (('maps', soft), ('images', image), ('results/NUAA-SIRST/DNANet', mask)):
            _write(tmp_path / folder / f'{number}.png', picture)
    same, maps, dumped = run_section('evaluation.md', 'Predictions of other programs', tmp_path)
    assert 'IoU' in same
    assert json.loads((tmp_path / 'metrics.json').read_text())['metrics']['Pd'] == 1
    assert len(json.loads((tmp_path / 'theirs.json').read_text())['images']) == 4
    assert (tmp_path / 'runs/theirs').is_dir()
    assert 'msda' in maps
    assert 'runs/theirs' in dumped
