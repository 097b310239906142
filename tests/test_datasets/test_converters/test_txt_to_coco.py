from __future__ import annotations

import json
import subprocess
import sys

import pytest

import mmirstd.registry  # noqa: F401
from mmirstd.datasets import ClipDataset, TxtClipDataset
from mmirstd.datasets.converters.txt_to_coco import convert
from mmirstd.utils.errors import DataError, MissingDataError

from ...shared import REPO, SHARED, needs_shared
from ..clip_helpers import frame
from ..helpers import write

TOOL = REPO / 'tools' / 'dataset_converters' / 'txt_to_coco.py'


@pytest.fixture
def root(tmp_path):
    for number in range(4):
        write(tmp_path / f'images/s{number // 2}/{number}.bmp', frame(number))
    lines = ['/x/D/images/s0/0.bmp 1,2,5,6,0', '/x/D/images/s0/1.bmp 1,2,5,6,0 9,9,12,11,0', '/x/D/images/s1/2.bmp']
    (tmp_path / 'val.txt').write_text('\n'.join(lines))
    return tmp_path


def test_json_and_list_are_the_same_data_set(root):
    assert convert(root / 'val.txt', root / 'val.json', root) == dict(
        images=3, boxes=3, sequences=2, bad={}, classes=['target']
    )
    keys = ('img_paths', 'frame_ids', 'is_first', 'is_last', 'instances')
    one = ClipDataset(data_root=str(root), ann_file='val.json')
    other = TxtClipDataset(data_root=str(root), ann_file='val.txt')
    for index in range(3):
        first, second = one.get_data_info(index), other.get_data_info(index)
        assert [first[key] for key in keys] == [second[key] for key in keys]
    assert (first['height'], first['width']) == (24, 32)


def test_a_list_of_several_classes_needs_their_names(root):
    (root / 'val.txt').write_text('images/s0/0.bmp 1,2,5,6,0 9,9,12,11,1\nimages/s0/1.bmp 28,2,28,6,0 1,2,5,6,1')
    with pytest.raises(DataError, match='found boxes of the classes 0, 1, expected names for all of them; there are 0'):
        convert(root / 'val.txt', root / 'val.json', root)
    with pytest.raises(DataError, match='there are 1'):
        convert(root / 'val.txt', root / 'val.json', root, names=['bird'])
    made = convert(root / 'val.txt', root / 'val.json', root, bad_box='drop', names=['bird', 'drone', 'plane'])
    assert made['classes'] == ['bird', 'drone', 'plane']
    written = json.loads((root / 'val.json').read_text())
    assert [(entry['id'], entry['name']) for entry in written['categories']] == [
        (1, 'bird'),
        (2, 'drone'),
        (3, 'plane'),
    ]
    assert [entry['category_id'] for entry in written['annotations']] == [1, 2, 2]


def test_without_the_images(root, tmp_path):
    made = convert(root / 'val.txt', tmp_path / 'o.json', strip='/x/D', size=(24, 32))
    assert made['images'] == 3
    with pytest.raises(ValueError, match='both size and strip'):
        convert(root / 'val.txt', tmp_path / 'o.json')


def test_bad_input(root, tmp_path):
    (root / 'val.txt').write_text('images/s0/0.bmp 28,2,40,6,0 5,5,5,9,0\nimages/s0/1.bmp 1,2,5,6,0')
    with pytest.raises(DataError, match=r'line 1: images/s0/0.bmp: box .*\[28, 2, 40, 6\] \(partly outside\)'):
        convert(root / 'val.txt', tmp_path / 'o.json', root)
    made = convert(root / 'val.txt', tmp_path / 'o.json', root, bad_box='clip')
    assert made == dict(images=2, boxes=2, sequences=1, bad={'partly outside': 1, 'no area': 1}, classes=['target'])
    assert json.loads((tmp_path / 'o.json').read_text())['annotations'][0]['bbox'] == [28.0, 2.0, 4.0, 4.0]
    (root / 'images/s0/1.bmp').unlink()
    with pytest.raises(MissingDataError, match=r'1\.bmp: no such file'):
        convert(root / 'val.txt', tmp_path / 'o.json', root, bad_box='drop')


@needs_shared
def test_the_tool_on_the_real_lists(tmp_path):
    for name, size, boxes in (('DAUB', '256x256', 200), ('IRDST', '742x992', 200)):
        source = SHARED / f'data/annotations/{name}_val_head200.txt'
        run = subprocess.run(
            [sys.executable, str(TOOL), str(source), 'o.json', '--strip', f'/home/public/{name}', '--size', size],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert run.returncode == 0, run.stderr
        data = json.loads((tmp_path / 'o.json').read_text())
        assert len(data['images']) == 200
        assert len(data['annotations']) >= boxes
    failed = subprocess.run(
        [sys.executable, str(TOOL), 'no.txt', 'o.json', '--root', '.'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert failed.returncode == 2
    assert failed.stderr.startswith('error: no.txt: no such file')
