from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmirstd.datasets.points.from_files import read_points
from mmirstd.utils.errors import DataError, MissingDataError
from tests.test_datasets.helpers import make_root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Images of 56x40 pixels."""
    return make_root(tmp_path / 'data', ['a', 'b', 'c'])


def write(root: Path, name: str, content: Any) -> Path:
    path = root / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def read(root: Path, name: str, content: Any) -> tuple[dict[str, list], list[str]]:
    points, notes = read_points(write(root, name, content), root / 'images')
    return {path.stem: found.tolist() for path, found in points.items()}, notes


def test_a_table(root: Path) -> None:
    points, notes = read(root, 'points.csv', 'image,x,y\na.png,10,20\na.png,55,39\nimages/b.bmp,,\nc,3,4\n')
    assert points == {'a': [[20, 10], [39, 55]], 'b': [], 'c': [[4, 3]]}
    assert any('taken as pixels' in note for note in notes)


def test_fractions_are_places_from_the_edge(root: Path) -> None:
    assert read(root, 'points.json', [dict(image='a', x=10.9, y=0.2), dict(image='a', x=56.0, y=40.0)])[0] == {
        'a': [[0, 10], [39, 55]]
    }


def coco(**annotation: Any) -> dict[str, Any]:
    return dict(
        images=[dict(id=1, file_name='a.png', width=56, height=40)],
        categories=[dict(id=1, name='target', keypoints=['center'])],
        annotations=[dict(id=1, image_id=1, category_id=1, **annotation)],
    )


@pytest.mark.parametrize('box', [[0, 0, 0, 0], [5, 6, 10, 4]])
def test_coco_keypoints_count_before_boxes(root: Path, box: list[float]) -> None:
    points, notes = read(root, 'coco.json', coco(bbox=box, keypoints=[7.4, 8.6, 2], num_keypoints=1))
    assert points == {'a': [[8, 7]]}
    assert not any('center' in note for note in notes)


def test_of_a_box_alone_the_center_is_taken_and_said(root: Path) -> None:
    points, notes = read(root, 'coco.json', coco(bbox=[5, 6, 10, 4]))
    assert points == {'a': [[8, 10]]}
    assert any('of 1 boxes the center is taken' in note for note in notes)


@pytest.mark.parametrize(
    ('name', 'content', 'error', 'said'),
    [
        (
            'p.csv',
            'image,x,y\na.png,10,41\nb.png,57,3\n',
            DataError,
            r'2 points .*a.png: \(10.5, 41.5\) in an image of',
        ),
        (
            'p.csv',
            'image,x,y\nzebra.png,1,2\na.png,1,2\n',
            MissingDataError,
            '1 of its 2 images are not in .*\n.*zebra',
        ),
        ('p.csv', 'picture,u,v\na.png,1,2\n', DataError, 'holds no labels of a known format'),
        ('p.csv', 'image,x,y\na.png,ten,2\n', DataError, "row 2: x is 'ten'; expected a number of pixels"),
        ('p.csv', 'image,x,y\na.png,10,\n', DataError, "row 2: y is ''"),
        ('p.json', '{"image": ', DataError, 'holds no labels'),
        (
            'coco.json',
            dict(coco(bbox=[0, 0, 0, 0], keypoints=[7, 8, 2]), images=[dict(id=1, file_name='a', width=9, height=40)]),
            DataError,
            'a.png has 56x40 pixels .*labeled as 9x40',
        ),
    ],
)
def test_bad_files_are_explained(root: Path, name: str, content: Any, error: type, said: str) -> None:
    with pytest.raises(error, match=f'(?s){said}'):
        read(root, name, content)


def test_a_missing_file(root: Path) -> None:
    with pytest.raises(MissingDataError, match='nothing.csv: no such file.*or found|no such file: expected a table'):
        read_points(root / 'nothing.csv', root / 'images')


def test_points_are_integers(root: Path) -> None:
    points, _ = read_points(write(root, 'p.csv', 'image,x,y\na,1,2\n'), root / 'images')
    assert next(iter(points.values())).dtype == np.int64
