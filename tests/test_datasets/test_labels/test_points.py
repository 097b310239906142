"""Tables of points, and frames that are found by their numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmirstd.datasets.labels import (
    FORMATS,
    Annotation,
    LabeledImage,
    LabelSet,
    Placing,
    ReadOptions,
    check,
    read_labels,
)
from mmirstd.datasets.labels.checking import CheckOptions
from mmirstd.datasets.labels.shapes import Box, Point
from mmirstd.utils.errors import DataError
from tests.test_datasets.test_labels.files import image, text


def _points(labels: LabelSet) -> dict[str, list[tuple[float, float]]]:
    return {
        item.name: [(a.shape.x, a.shape.y) for a in item.annotations if isinstance(a.shape, Point)]
        for item in labels.images
    }


@pytest.mark.parametrize(
    'content',
    [
        'image,x,y\na.png,3.5,4\na.png,7,8.25\nb.png,,\n',
        'Filename;X;Y;class\na;3.5;4;\na;7;8.25;\nb;;;\n',
    ],
)
def test_a_table_is_read(tmp_path: Path, content: str) -> None:
    for name in 'ab':
        image(tmp_path / f'{name}.png')
    labels = read_labels(text(tmp_path / 'points.csv', content))
    assert _points(labels) == {'a.png': [(3.5, 4.0), (7.0, 8.25)], 'b.png': []}
    assert labels.classes == ['target']


def test_json_with_whole_numbers_means_pixels(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    rows = [dict(image='a.png', x=3, y=4, track=2), dict(image='a.png', x=7, y=8, track='b')]
    labels = read_labels(text(tmp_path / 'points.json', json.dumps(rows)))
    assert _points(labels) == {'a.png': [(3.5, 4.5), (7.5, 8.5)]}
    assert [a.track_id for a in labels.annotations()] == [2, 'b']
    assert any('whole numbers' in note for note in labels.notes)


@pytest.mark.parametrize(
    ('row', 'said'), [('a.png,three,4', "x is 'three'"), (',3,4', 'names no image'), ('a.png,3,', "y is ''")]
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    image(tmp_path / 'a.png')
    with pytest.raises(DataError, match=f'points.csv, row 3: {said}'):
        read_labels(text(tmp_path / 'points.csv', f'image,x,y\na.png,1.5,1.5\n{row}\n'))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = image(tmp_path / 'from' / 'a.png')
    other = image(tmp_path / 'from' / 'b.png')
    targets = [Annotation(Point(3.0, 4.0), track_id=7), Annotation(Box(4.0, 4.0, 6.0, 8.0))]
    labels = LabelSet(
        'made',
        ['target'],
        [LabeledImage('a.png', path, annotations=targets, split='val'), LabeledImage('b.png', other)],
    )
    check(labels, CheckOptions())
    with Placing(tmp_path / 'to') as placing:
        assert FORMATS['points'].write(labels, placing) == ['1 boxes became points']
    found = read_labels(tmp_path / 'to')
    assert {Path(name).name: points for name, points in _points(found).items()} == {
        'a.png': [(3.0, 4.0), (5.0, 6.0)],
        'b.png': [],
    }
    assert [i.split for i in found.images] == ['val', None]
    assert next(found.annotations()).track_id == 7


def test_frames_are_found_by_number(tmp_path: Path) -> None:
    for number in (9, 10):
        image(tmp_path / 'frames' / f'{number:06d}.png')
    table = text(tmp_path / 'points.csv', 'image,x,y\n9,3.5,4\nframe_10,7.5,8\n')
    found = read_labels(table, None, ReadOptions(images=tmp_path / 'frames', by_number=True))
    assert [i.name for i in found.images] == ['000009.png', '000010.png']
    plain = read_labels(table, None, ReadOptions(images=tmp_path / 'frames'))
    assert [i.path for i in plain.images] == [None, None]


def test_yolo_files_of_a_folder_of_their_own(tmp_path: Path) -> None:
    for number in (0, 1):
        image(tmp_path / 'frames' / f'{number:06d}.png')
    text(tmp_path / 'boxes' / '1.txt', '0 0.5 0.5 0.1 0.1\n')
    found = read_labels(tmp_path / 'boxes', None, ReadOptions(images=tmp_path / 'frames', by_number=True))
    assert [len(i.annotations) for i in found.images] == [0, 1]
