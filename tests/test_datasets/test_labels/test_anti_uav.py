from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmirstd.datasets.labels import ConvertOptions, ReadOptions, convert_labels
from mmirstd.datasets.labels.shapes import Box
from mmirstd.utils.errors import ConfigError, DataError, MissingDataError
from tests.test_datasets.test_labels.files import image, load, text


def _sequence(folder: Path, rects: list[list[float]], exist: list[int], name: str = 'IR_label.json') -> None:
    for frame in range(1, len(rects) + 1):
        image(folder / f'{frame:06d}.jpg', seed=frame)
    text(folder / name, json.dumps(dict(exist=exist, gt_rect=rects)))


def test_frames_in_order_and_frames_without_target(tmp_path: Path) -> None:
    """As Anti-UAV410 is shipped: frames from 1, an absent target as ``[0, 0, 0, 0]`` or ``[]``."""
    _sequence(tmp_path / 'train/01_1667', [[3, 4, 5, 6], [0, 0, 0, 0], [7, 8, 2.5, 2]], [1, 0, 1])
    _sequence(tmp_path / 'test/02_6319', [[], [1, 1, 2, 2]], [1, 0])
    labels = load(tmp_path)
    assert [(i.name, i.split, i.video, i.frame, [a.shape for a in i.annotations]) for i in labels.images] == [
        ('02_6319/000001.jpg', 'test', 'test/02_6319', 0, []),
        ('02_6319/000002.jpg', 'test', 'test/02_6319', 1, []),
        ('01_1667/000001.jpg', 'train', 'train/01_1667', 0, [Box(3, 4, 8, 10)]),
        ('01_1667/000002.jpg', 'train', 'train/01_1667', 1, []),
        ('01_1667/000003.jpg', 'train', 'train/01_1667', 2, [Box(7, 8, 9.5, 10)]),
    ]
    assert any('1 frames have exist 1 and no box' in note for note in labels.notes)


def test_frames_elsewhere(tmp_path: Path) -> None:
    """Videos were decoded to a folder for each, as ``mmirstd finetune`` does."""
    text(tmp_path / 'labels/a/infrared.json', json.dumps(dict(exist=[1], gt_rect=[[3, 4, 5, 6]])))
    image(tmp_path / 'frames/a/infrared/000000.png')
    by_name = load(tmp_path / 'labels', ReadOptions(images=tmp_path / 'frames'))
    assert [i.video for i in by_name.images] == ['a/infrared']
    alone = load(tmp_path / 'labels/a/infrared.json', ReadOptions(images=tmp_path / 'frames/a/infrared'))
    assert [a.shape for a in alone.annotations()] == [Box(3, 4, 8, 10)]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / 'a'
    _sequence(folder, [[3, 4, 5, 6], [3, 4, 5, 6]], [1, 1])
    image(folder / '000003.jpg')
    with pytest.raises(DataError, match='exist for 2 frames, gt_rect for 2, and 3 images in') as caught:
        load(tmp_path)
    assert 'those of one camera' in str(caught.value)
    (folder / '000003.jpg').unlink()
    text(folder / 'visible.json', (folder / 'IR_label.json').read_text())
    with pytest.raises(DataError, match='two label files for its frames'):
        load(tmp_path)
    (folder / 'visible.json').unlink()
    text(folder / 'IR_label.json', '{"exist": [1, 1], "gt_rect": [[1, 2, 3], []]}')
    with pytest.raises(DataError, match=r'gt_rect of frame 0 is \[1, 2, 3\]'):
        load(tmp_path)
    text(folder / 'IR_label.json', '{"exist": [1, 1]}')
    with pytest.raises(DataError, match='no lists exist and gt_rect'):
        load(tmp_path)
    text(folder / 'IR_label.json', '{"exist": [1, 1')
    with pytest.raises(DataError, match='not valid JSON'):
        load(tmp_path)


def test_a_video_that_was_not_decoded(tmp_path: Path) -> None:
    text(tmp_path / 'a/infrared.json', json.dumps(dict(exist=[1], gt_rect=[[3, 4, 5, 6]])))
    (tmp_path / 'a/infrared.mp4').write_bytes(b'')
    with pytest.raises(MissingDataError, match=r'no frames of this sequence, but infrared\.mp4') as caught:
        load(tmp_path)
    assert 'ffmpeg -i infrared.mp4' in str(caught.value)


def test_it_is_not_written(tmp_path: Path) -> None:
    _sequence(tmp_path / 'a', [[3, 4, 5, 6]], [1])
    with pytest.raises(ConfigError, match='anti-uav is only read'):
        convert_labels([tmp_path], 'anti-uav', tmp_path / 'out', ConvertOptions())


def test_what_stands_where_there_is_no_target(tmp_path: Path) -> None:
    _sequence(tmp_path / 'a', [[3, 4, 5, 6], [0], [7, 7]], [1, 0, 0])
    assert [len(i.annotations) for i in load(tmp_path).images] == [1, 0, 0]


@pytest.mark.parametrize(
    ('exist', 'rect', 'match'),
    [
        ('"0"', '[3, 4, 5, 6]', "exist of frame 0 is '0'; expected 0 or 1"),
        ('null', '[3, 4, 5, 6]', 'exist of frame 0 is None'),
        ('1', '[NaN, 4, 5, 6]', 'gt_rect of frame 0 is'),
        ('1', f'[1{"0" * 400}, 4, 5, 6]', 'gt_rect of frame 0 is'),
        ('1', '[true, 4, 5, 6]', 'gt_rect of frame 0 is'),
    ],
)
def test_what_is_no_number_is_named(tmp_path: Path, exist: str, rect: str, match: str) -> None:
    image(tmp_path / 'a/1.png')
    text(tmp_path / 'a/IR_label.json', f'{{"exist": [{exist}], "gt_rect": [{rect}]}}')
    with pytest.raises(DataError, match=match):
        load(tmp_path)


@pytest.mark.parametrize('content', ['', '[]', '{"exist": 1}'])
def test_a_damaged_file_among_others_is_named(tmp_path: Path, content: str) -> None:
    for name in 'ab':
        _sequence(tmp_path / name, [[3, 4, 5, 6]], [1])
    text(tmp_path / 'b/IR_label.json', content)
    with pytest.raises(DataError, match=r'b/IR_label\.json'):
        load(tmp_path)


def test_a_file_of_windows(tmp_path: Path) -> None:
    for encoding in ('utf-8-sig', 'utf-16'):
        _sequence(tmp_path, [[3, 4, 5, 6]], [1])
        text(tmp_path / 'IR_label.json', (tmp_path / 'IR_label.json').read_text(encoding='utf-8'), encoding)
        assert len(list(load(tmp_path).annotations())) == 1


def test_a_flag_of_another_program_is_no_anti_uav(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    content = dict(images=[dict(id=1, exist=1, gt_rect='', file_name='a.png')], annotations=[], categories=[])
    text(tmp_path / 'instances.json', json.dumps(content))
    assert load(tmp_path).notes[0].endswith('is read as coco (COCO JSON)')
