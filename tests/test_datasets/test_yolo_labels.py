from __future__ import annotations

import pytest

from mmirstd.datasets.yolo_labels import YoloBox, find_yolo_labels, read_yolo_labels
from mmirstd.utils.errors import DataError


def test_boxes_and_polygons(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('0 0.5 0.25 0.1 0.2\n\n2 0.1 0.1 0.3 0.1 0.3 0.5\n', encoding='utf-8-sig')
    first, second = read_yolo_labels(path)
    assert first == YoloBox(0, 0.5, 0.25, 0.1, 0.2)
    assert first.in_pixels(100, 200) == pytest.approx((90, 15, 20, 20))
    assert second.label == 2
    assert second.in_pixels(100, 100) == pytest.approx((10, 10, 20, 40))
    path.write_text('')
    assert read_yolo_labels(path) == []


@pytest.mark.parametrize('line', ['0 12 30 4 5', '0 0.1 0.2 0.3', 'drone 0.1 0.1 0.1 0.1', '0 0.1 0.1 0.1 0.1 0.2'])
def test_other_lines_are_named(tmp_path, line):
    (tmp_path / 'a.txt').write_text(f'0 0.1 0.1 0.1 0.1\n{line}\n')
    with pytest.raises(DataError, match=r'a\.txt, line 2: '):
        read_yolo_labels(tmp_path / 'a.txt')


def test_where_labels_are(tmp_path):
    image = tmp_path / 'images' / 'train' / 'images' / 'a.png'
    assert find_yolo_labels(image) is None
    beside = image.with_suffix('.txt')
    beside.parent.mkdir(parents=True)
    beside.touch()
    assert find_yolo_labels(image) == str(beside)
    label = tmp_path / 'images' / 'train' / 'labels' / 'a.txt'
    label.parent.mkdir()
    label.touch()
    assert find_yolo_labels(image) == str(label)
