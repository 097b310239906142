from __future__ import annotations

import importlib.util
import json
import shutil
import struct
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

import mmirstd.registry  # noqa: F401
from mmirstd.datasets import ClipDataset
from mmirstd.datasets.converters import drone_ir, drone_ir_labels
from mmirstd.datasets.converters.drone_ir import SHIPPED_SPLITS, FrameChoice, Splits, convert, read_frames, read_splits
from mmirstd.datasets.converters.drone_ir_labels import LabeledBox, read_labels
from mmirstd.datasets.converters.mmdet_config import mmdet_config
from mmirstd.utils.errors import DataError, MissingDataError

from ...shared import REPO, SHARED, needs_shared

TOOL = REPO / 'tools' / 'dataset_converters' / 'drone_ir.py'
REAL = SHARED / 'data' / 'Drone-IR' if SHARED else None
needs_decoder = pytest.mark.skipif(
    importlib.util.find_spec('mcos_decoder') is None, reason='needs mcos-decoder (requirements.txt, extra drone-ir)'
)


# A MATLAB workspace as far as the reader looks.


def element(kind: int, payload: bytes) -> bytes:
    return struct.pack('<II', kind, len(payload)) + payload + b'\0' * (-len(payload) % 8)


def matrix(cls: int, dims, *parts: bytes) -> bytes:
    head = element(6, struct.pack('<II', cls, 0)) + element(5, struct.pack(f'<{len(dims)}i', *dims)) + element(1, b'')
    return element(14, head + b''.join(parts))


def boxes_cell(boxes) -> bytes:
    values = np.asarray(boxes, '<f8').reshape(-1, 4)
    return matrix(6, values.shape if len(boxes) else (0, 0), element(9, values.T.tobytes()))


def label_table(rows: list[dict], fields=('Time', 'BIRD', 'DRONE')) -> bytes:
    names = b''.join(name.encode().ljust(11, b'\0') for name in fields)
    cells = [
        matrix(13, (1, 1), element(6, b'\0' * 4)) if field == 'Time' else boxes_cell(row.get(field, []))
        for row in rows
        for field in fields
    ]
    return matrix(2, (len(rows), 1), element(5, struct.pack('<i', 11)), element(1, names), *cells)


def workspace(*parts: bytes) -> np.ndarray:
    return np.frombuffer(b'\0' * 8 + matrix(1, (1, len(parts)), *parts), np.uint8)[None]


@pytest.fixture
def mat(tmp_path, monkeypatch):
    """Make ``read_labels`` see these workspace parts."""
    path = tmp_path / 'X_LABELS.mat'
    path.write_bytes(b'x')

    def make(*parts: bytes):
        import scipy.io

        monkeypatch.setattr(scipy.io, 'loadmat', lambda name: {'__function_workspace__': workspace(*parts)})
        return path

    return make


@needs_decoder
def test_labels_count_from_0_and_two_targets_are_two(mat):
    path = mat(
        matrix(4, (1, 32), element(16, b'C:' + b'x' * 30)),  # as long as a cell with a box
        label_table([dict(BIRD=[[1, 2, 3, 4]]), {}, dict(BIRD=[[9, 8, 7, 6]], DRONE=[[5, 5, 2, 3], [7, 1, 1, 1]])]),
    )
    assert read_labels(path) == [
        [LabeledBox('BIRD', (0, 1, 3, 4))],
        [],
        [LabeledBox('BIRD', (8, 7, 7, 6)), LabeledBox('DRONE', (4, 4, 2, 3)), LabeledBox('DRONE', (6, 0, 1, 1))],
    ]


@needs_decoder
def test_labels_that_cannot_be_read(mat, tmp_path):
    with pytest.raises(MissingDataError):
        read_labels(tmp_path / 'no.mat')
    with pytest.raises(DataError, match='no label table'):
        read_labels(mat(matrix(4, (1, 4), element(16, b'None'))))
    fields = ('Time', 'BIRD')
    names = b''.join(name.encode().ljust(11, b'\0') for name in fields)
    polygon = matrix(6, (3, 2), element(9, np.zeros(6).tobytes()))
    table = matrix(2, (1, 1), element(5, struct.pack('<i', 11)), element(1, names), matrix(13, (1, 1)), polygon)
    with pytest.raises(DataError, match='frame 1, BIRD: a matrix of 3x2'):
        read_labels(mat(table))
    short = matrix(2, (3, 1), element(5, struct.pack('<i', 11)), element(1, names), matrix(13, (1, 1)))
    with pytest.raises(DataError, match='1 cells for 3 frames'):
        read_labels(mat(short))


@needs_decoder
def test_not_a_mat_file(tmp_path):
    path = tmp_path / 'X_LABELS.mat'
    path.write_bytes(b'no MATLAB file' * 20)
    with pytest.raises(DataError, match='not a MATLAB file that can be read'):
        read_labels(path)


# Videos and conversion, with generated videos and given labels.


def make_video(path, frames: int, height: int = 48, width: int = 64) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 30, (width, height))
    assert writer.isOpened()
    for number in range(frames):
        image = np.full((height, width, 3), 40, np.uint8)
        image[10:20, 2 * number : 2 * number + 10] = 220
        writer.write(image)
    writer.release()


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Three videos of 23 frames; the box of frame n is at x = 2 n."""
    root = tmp_path / 'source'
    for name in ('IR_BIRD_001', 'IR_BIRD_002', 'IR_DRONE_001'):
        make_video(root / f'Data/Video_IR/{name}.mp4', 23)
        (root / f'Data/Video_IR/{name}_LABELS.mat').write_bytes(b'labels')
    counts = {}

    def labels(path):
        rows = range(counts.get(path.name, 23))
        return [[LabeledBox('BIRD', (2.0 * n, 10, 10, 10))] if n != 20 else [] for n in rows]

    monkeypatch.setattr(drone_ir, 'read_labels', labels)
    return root, counts


SPLITS = Splits(['IR_BIRD_001'], ['IR_BIRD_002'], ['IR_DRONE_001'])


@pytest.mark.parametrize(
    ('every', 'window', 'stride', 'expected'),
    [
        (1, 5, 1, list(range(23))),
        (10, 1, 1, [0, 10, 20]),
        (10, 3, 1, [0, 8, 9, 10, 18, 19, 20]),
        (10, 3, 2, [0, 6, 8, 10, 16, 18, 20]),
    ],
)
def test_key_frames_and_their_past(source, tmp_path, every, window, stride, expected):
    out = tmp_path / 'out'
    summary = convert(source[0], out, SPLITS, FrameChoice(every, window, stride))
    found = sorted(int(path.stem) for path in (out / 'images/IR_BIRD_001').iterdir())
    assert found == expected
    data = json.loads((out / 'instances_train2017.json').read_text())
    keys = list(range(0, 23, every))
    assert [image['frame_id'] for image in data['images']] == keys
    assert summary['boxes'] == dict.fromkeys(('train', 'val', 'test'), len([key for key in keys if key != 20]))
    dataset = ClipDataset(
        data_root=str(out), ann_file='instances_train2017.json', num_frames=window, stride=stride, gaps='error'
    )
    assert dataset.get_data_info(1)['frame_ids'] == [
        max(keys[1] - back * stride, 0) for back in range(window - 1, -1, -1)
    ]


def test_kinds_are_classes(source, tmp_path, monkeypatch):
    label = LabeledBox('BIRD', (2.0, 10, 10, 10))
    monkeypatch.setattr(drone_ir, 'read_labels', lambda path: [[replace(label, kind=path.name.split('_')[1])]] * 23)
    out = tmp_path / 'out'
    assert convert(source[0], out, SPLITS, FrameChoice(10, 1))['classes'] == ['target']
    assert convert(source[0], out, SPLITS, FrameChoice(10, 1), kinds=True)['classes'] == ['bird', 'drone']
    for part, category in (('train', 1), ('test', 2)):
        data = json.loads((out / f'instances_{part}2017.json').read_text())
        assert [(entry['id'], entry['name']) for entry in data['categories']] == [(1, 'bird'), (2, 'drone')]
        assert {entry['category_id'] for entry in data['annotations']} == {category}
    text = mmdet_config(out, dict(train=3), ['bird', 'drone'])
    assert "classes=('bird', 'drone')" in text
    assert 'num_classes=2' in text


def test_frames_are_in_step_with_labels(source, tmp_path):
    convert(source[0], tmp_path / 'out', SPLITS)
    image = cv2.imread(str(tmp_path / 'out/images/IR_BIRD_001/00007.png'), cv2.IMREAD_UNCHANGED)
    assert image.shape == (48, 64)
    bright = np.flatnonzero((image > 130).any(axis=0))
    assert abs(bright[0] - 14) <= 1  # lossy video
    assert abs(bright[-1] - 23) <= 1


def test_labels_for_more_frames_than_the_video_has(source, tmp_path):
    source[1]['IR_BIRD_001_LABELS.mat'] = 24
    summary = convert(source[0], tmp_path / 'out', SPLITS)
    assert summary['short'] == {'IR_BIRD_001': (23, 24)}
    assert summary['images']['train'] == 23
    source[1]['IR_DRONE_001_LABELS.mat'] = 20
    shutil.rmtree(tmp_path / 'out')
    summary = convert(source[0], tmp_path / 'out', SPLITS)
    assert summary['long'] == {'IR_DRONE_001': (23, 20)}
    assert summary['images']['test'] == 20


def test_an_mp4_that_ends_early(source, tmp_path):
    """The stream is cut while the index at its end still counts all frames."""
    path = source[0] / 'Data/Video_IR/IR_BIRD_001.mp4'
    data = path.read_bytes()
    start = data.index(b'mdat')
    end = data.index(b'moov')
    path.write_bytes(data[: start + (end - start) // 2] + b'\0' * (end - start - (end - start) // 2) + data[end:])
    claimed = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT)
    summary = convert(source[0], tmp_path / 'out', SPLITS)
    frames, labels = summary['short']['IR_BIRD_001']
    assert 0 < frames < claimed == labels == 23
    assert summary['images']['train'] == frames
    assert len(ClipDataset(data_root=str(tmp_path / 'out'), ann_file='instances_train2017.json')) == frames


def test_videos_that_cannot_be_opened(source, tmp_path):
    path = source[0] / 'Data/Video_IR/IR_BIRD_002.mp4'
    path.write_bytes(path.read_bytes()[:300])  # without the index nothing can be decoded
    with pytest.raises(DataError, match=r'IR_BIRD_002\.mp4: no frame can be decoded'):
        convert(source[0], tmp_path / 'out', SPLITS)
    assert not list((tmp_path / 'out').glob('*.json'))
    path.unlink()
    with pytest.raises(MissingDataError, match=r'IR_BIRD_002\.mp4: no such file'):
        convert(source[0], tmp_path / 'out', SPLITS)
    with pytest.raises(MissingDataError):
        next(read_frames(path))


def test_a_video_whose_frames_change_their_size(source, tmp_path, monkeypatch):
    frames = [np.zeros((48, 64), np.uint8), np.zeros((48, 64), np.uint8), np.zeros((24, 64), np.uint8)]
    monkeypatch.setattr(drone_ir, 'read_frames', lambda path: iter(frames))
    with pytest.raises(DataError, match=r'IR_BIRD_001\.mp4: frame 2 has 24x64 pixels, the first 48x64'):
        convert(source[0], tmp_path / 'out', SPLITS)
    assert not list((tmp_path / 'out').glob('images/IR_BIRD_001'))  # only the unfinished part
    assert not list((tmp_path / 'out').glob('*.json'))


def test_twice_is_once_and_an_interrupted_run_goes_on(source, tmp_path, monkeypatch):
    out = tmp_path / 'out'
    original = drone_ir.save_png

    def stop(path, image):
        if 'IR_BIRD_002' in str(path) and path.stem == '00005':
            raise KeyboardInterrupt
        original(path, image)

    monkeypatch.setattr(drone_ir, 'save_png', stop)
    with pytest.raises(KeyboardInterrupt):
        convert(source[0], out, SPLITS)
    assert (out / 'images/IR_BIRD_001').is_dir()
    assert not (out / 'images/IR_BIRD_002').exists()
    monkeypatch.setattr(drone_ir, 'save_png', original)
    first = (out / 'images/IR_BIRD_001/00000.png').stat().st_mtime_ns
    made: list[str] = []
    summary = convert(source[0], out, SPLITS, progress=lambda record: made.append(record['name']))
    assert made == ['IR_BIRD_001', 'IR_BIRD_002', 'IR_DRONE_001']
    assert summary['made'] < 3
    assert (out / 'images/IR_BIRD_001/00000.png').stat().st_mtime_ns == first
    assert not list(out.rglob('*.part'))
    state = {path: path.stat().st_mtime_ns for path in out.rglob('*')}
    assert convert(source[0], out, SPLITS)['made'] == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob('*')} == state
    (out / 'images/IR_DRONE_001/00003.png').unlink()
    assert convert(source[0], out, SPLITS)['made'] == 1
    assert convert(source[0], out, SPLITS, FrameChoice(every=2))['made'] == 3


def test_without_the_decoder_the_cure_is_named(source, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'mcos_decoder', None)  # importing it fails
    monkeypatch.setattr(drone_ir, 'read_labels', read_labels)
    with pytest.raises(ImportError, match=r'BIRD_001_LABELS\.mat: .*\n  cure: pip install "mcos-decoder>=0\.1,<0\.2"'):
        convert(source[0], tmp_path / 'out', SPLITS)
    from mmirstd.cli.drone_ir import main

    assert main([str(source[0]), str(tmp_path / 'out'), '--videos', 'IR_BIRD_001']) == 2
    assert 'cure: pip install "mcos-decoder' in capsys.readouterr().err
    assert "'drone-ir': ['mcos-decoder>=0.1,<0.2']" in (REPO / 'setup.py').read_text()  # what the cure says


def test_splits(tmp_path):
    names = [f'IR_BIRD_{k:03d}' for k in range(20)] + [f'IR_DRONE_{k:03d}' for k in range(10)] + ['IR_PLANE_001']
    (tmp_path / 'train.txt').write_text('\n'.join(names))
    (tmp_path / 'test.txt').write_text('IR_BIRD_099')
    splits = read_splits(tmp_path, val_fraction=0.2, seed=1)
    assert sorted(splits.train + splits.val) == sorted(names)
    assert sum('BIRD' in name for name in splits.val) == 4
    assert sum('DRONE' in name for name in splits.val) == 2
    assert 'IR_PLANE_001' in splits.train  # the only one of its kind
    assert read_splits(tmp_path, 0.2, 1) == splits
    assert read_splits(tmp_path, 0.2, 2).val != splits.val
    assert read_splits(tmp_path, 0).val == []
    (tmp_path / 'test.txt').write_text('IR_BIRD_003')
    with pytest.raises(DataError, match='in train.txt and in test.txt'):
        read_splits(tmp_path)


@pytest.mark.parametrize('options', [dict(every=0), dict(window=0), dict(stride=-1)])
def test_wrong_choices(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        FrameChoice(**options)


def test_the_shipped_lists_are_complete():
    splits = read_splits(SHIPPED_SPLITS)
    assert (len(splits.train) + len(splits.val), len(splits.test)) == (79, 35)


def test_the_config_that_is_printed_loads_in_plain_mmdet(source, tmp_path, monkeypatch, capsys):
    """What stands in the console, saved, gives mmdet its data sets, with the boxes of the labels."""
    from mmdet.evaluation import CocoMetric
    from mmdet.registry import DATASETS
    from mmengine.config import Config

    from mmirstd.cli.drone_ir import main

    (tmp_path / 'splits').mkdir()
    for part, names in (('train', SPLITS.train + SPLITS.val), ('test', SPLITS.test)):
        (tmp_path / 'splits' / f'{part}.txt').write_text('\n'.join(names))
    out = tmp_path / 'my frames'
    assert main([str(source[0]), str(out), '--splits', str(tmp_path / 'splits'), '--val-fraction', '0']) == 0
    text = capsys.readouterr().out
    config = tmp_path / 'my_detector.py'
    config.write_text(text[text.index('_base_ = ') :])
    cfg = Config.fromfile(str(config))
    assert cfg.model.bbox_head.num_classes == 1
    for part in ('train', 'val', 'test'):
        given = cfg[f'{part}_dataloader'].dataset
        assert given.type == 'CocoDataset'
        data_set = DATASETS.build(given)  # with mmdet's own pipeline
        assert len(data_set[0]['inputs']) == 3
        assert len(data_set) > 0
        for index in range(len(data_set)):
            info = data_set.get_data_info(index)
            assert cv2.imread(info['img_path']) is not None
            assert len(info['instances']) >= (part == 'train')
    assert len(CocoMetric(ann_file=cfg.test_evaluator.ann_file)._coco_api.get_img_ids()) == len(data_set)


# The real files.


@needs_shared
@needs_decoder
def test_real_labels_are_in_step_and_complete():
    folder = REAL / 'Data/Video_IR'
    for name, two in (('IR_BIRD_001', 74), ('IR_DRONE_141', 0)):
        labels = read_labels(folder / f'{name}_LABELS.mat')
        assert len(labels) == sum(1 for _ in read_frames(folder / f'{name}.mp4'))
        assert sum(len(boxes) == 2 for boxes in labels) == two
        assert {box.kind for boxes in labels for box in boxes} == {name.split('_')[1]}
        boxes = np.array([box.bbox for row in labels for box in row])
        assert boxes[:, :2].min() >= 0
        assert (boxes[:, :2] + boxes[:, 2:]).max(axis=0)[0] <= 320
    # the first frame's box as the file has it, less MATLAB's one
    assert read_labels(folder / 'IR_BIRD_001_LABELS.mat')[0][0].bbox == (2, 152, 8, 9)


@needs_shared
@needs_decoder
def test_the_tool_on_real_videos(tmp_path):
    command = [sys.executable, str(TOOL), str(REAL), 'out', '--videos', 'IR_BIRD_001', 'IR_DRONE_141', '--every', '60']
    first = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert first.returncode == 0, first.stderr
    assert '2 videos (2 converted now' in first.stdout
    assert 'warning' not in first.stderr
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert '2 videos (0 converted now' in again.stdout
    total = 0
    for path in (tmp_path / 'out').glob('instances_*2017.json'):
        dataset = ClipDataset(data_root=str(tmp_path / 'out'), ann_file=path.name, gaps='error')
        total += len(dataset)
        assert dataset.get_data_info(1)['frame_ids'] == [56, 57, 58, 59, 60]
    assert total == 6 + 6


def test_the_tool_says_what_is_wrong(tmp_path):
    run = subprocess.run(
        [sys.executable, str(TOOL), 'nowhere', 'out'], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 2
    assert run.stderr.strip().splitlines()[-1].startswith('error: nowhere/Data/Video_IR/')
    assert 'Traceback' not in run.stderr


def test_the_old_name_of_labeled_box() -> None:
    with pytest.warns(DeprecationWarning, match='LabeledBox instead'):
        assert drone_ir_labels.LabelledBox is drone_ir_labels.LabeledBox
