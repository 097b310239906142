from __future__ import annotations

import json
import shutil

import pytest

from mmirstd.cli.yolo_to_coco import main
from mmirstd.datasets import ClipDataset
from mmirstd.datasets.converters.yolo_to_coco import convert, read_class_names
from mmirstd.utils.errors import DataError, MissingDataError
from tests.shared import SHARED, needs_shared
from tests.test_datasets.clip_helpers import frame
from tests.test_datasets.helpers import write


@pytest.fixture
def root(tmp_path):
    for k in range(3):
        write(tmp_path / 'images' / f'{k}.png', frame(k, 40, 80))
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'labels/0.txt').write_text('0 0.5 0.5 0.1 0.2\n1 0.025 0.5 0.1 0.1')
    (tmp_path / 'labels/2.txt').write_text('')
    return tmp_path


def test_convert(root):
    out = root / 'instances.json'
    assert convert(root, out, ['drone', 'bird']) == dict(images=3, boxes=2, unlabeled=1, repaired=1)
    data = json.loads(out.read_text())
    assert [image['file_name'] for image in data['images']] == ['images/0.png', 'images/1.png', 'images/2.png']
    assert [(a['image_id'], a['category_id'], a['bbox']) for a in data['annotations']] == [
        (1, 1, [36, 16, 8, 8]),
        (1, 2, [0, 18, 6, 4]),
    ]
    assert len(ClipDataset(data_root=str(root), ann_file='instances.json', num_frames=1)) == 3


def test_class_names(tmp_path):
    (tmp_path / 'a.yaml').write_text('names: {0: drone, 1: bird}\n')
    (tmp_path / 'b.yaml').write_text('names: [drone, bird]\n')
    (tmp_path / 'c.txt').write_text('drone\nbird\n')
    assert all(read_class_names(tmp_path / name) == ['drone', 'bird'] for name in ('a.yaml', 'b.yaml', 'c.txt'))
    (tmp_path / 'd.yaml').write_text('nc: 2\n')
    with pytest.raises(DataError, match='no class names'):
        read_class_names(tmp_path / 'd.yaml')


def test_what_is_refused(root, tmp_path_factory, capsys):
    with pytest.raises(DataError, match='0.txt: class 1, but there are names for 1 classes'):
        convert(root, root / 'o.json')
    shutil.rmtree(root / 'labels')
    with pytest.raises(MissingDataError, match='none of its 3 images has a label file'):
        convert(root, root / 'o.json')
    (root / 'list.txt').write_text('images/0.png\nimages/9.png\n')
    with pytest.raises(MissingDataError, match=r'1 of its 2 images are missing, the first is images/9\.png'):
        convert(root / 'list.txt', root / 'o.json')
    assert main([str(tmp_path_factory.mktemp('empty')), str(root / 'o.json')]) == 2
    assert 'no image in this folder' in capsys.readouterr().err


@needs_shared
def test_the_case(tmp_path, capsys):
    """Equal to the COCO file of the same images, up to the six digits of the label files."""
    assert main([str(SHARED / 'cases/yolo/train.txt'), str(tmp_path / 'o.json')]) == 0
    assert '8 images (0 without a label file: without targets), 8 boxes' in capsys.readouterr().out
    data = json.loads((tmp_path / 'o.json').read_text())
    plain = json.loads((SHARED / 'cases/coco_plain/instances_train2017.json').read_text())
    assert [image['file_name'] for image in data['images']] == [f'images/{i["file_name"]}' for i in plain['images']]
    for made, right in zip(data['annotations'], plain['annotations']):
        # Four numbers rounded to 5e-7 of at most 338 px, of which up to three add up, and to 1e-4 px when written.
        assert made['bbox'] == pytest.approx(right['bbox'], abs=3 * 5e-7 * 338 + 1e-4)
