from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmirstd.datasets.labels import ReadOptions
from mmirstd.datasets.labels.shapes import Box, Mask, Point, Polygon, filled
from mmirstd.utils.errors import DataError, MissingDataError
from tests.test_datasets.test_labels.files import image, labelme_json, load, text
from tests.test_datasets.test_labels.strategies import HEIGHT, WIDTH


def _png(pixels: np.ndarray) -> str:
    return base64.b64encode(cv2.imencode('.png', pixels)[1].tobytes()).decode()


def test_all_kinds_of_shapes(tmp_path: Path) -> None:
    image(tmp_path / 'images/a.png')
    pixels = np.array([[0, 255, 0], [255, 0, 255], [0, 255, 0]], np.uint8)
    shapes = [
        dict(label='drone', points=[[8, 9], [3, 4]], shape_type='rectangle'),  # drawn from the lower right
        dict(label='bird', points=[[10, 10], [14, 10], [12, 14]]),
        dict(label='drone', points=[[20, 12], [23, 16]], shape_type='circle'),
        dict(label='drone', points=[[30.5, 3.5]], shape_type='point'),
        dict(label='drone', points=[[1, 1], [2, 2]], shape_type='line'),
        dict(label='drone', points=[[20, 2], [22, 4]], shape_type='mask', mask=_png(pixels)),
        dict(label='drone', points=[[30, 15], [33, 18], [32, 19], [29, 16]], shape_type='oriented_rectangle'),
    ]
    text(tmp_path / 'labels/a.json', labelme_json(shapes, '..\\images\\a.png'), 'utf-8-sig')
    labels = load(tmp_path)
    box, polygon, circle, point, mask, turned = (a.shape for a in labels.images[0].annotations)
    assert box == Box(3, 4, 8, 9)
    assert isinstance(polygon, Polygon)
    assert polygon.bounds == (10, 10, 14, 14)
    assert isinstance(circle, Polygon)
    assert circle.bounds == pytest.approx((15, 7, 25, 17))
    assert point == Point(30.5, 3.5)
    assert isinstance(mask, Mask)
    assert (mask.left, mask.top) == (20, 2)
    np.testing.assert_array_equal(mask.pixels, pixels > 0)
    assert isinstance(turned, Polygon)
    assert labels.classes == ['drone', 'bird']
    assert labels.images[0].path == tmp_path / 'images/a.png'
    assert any('no inside: 1 line' in note for note in labels.notes)
    assert any('1 circles became polygons' in note for note in labels.notes)


def test_a_group_is_one_target(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    parts = [[[2, 2], [4, 2], [4, 4], [2, 4]], [[6, 2], [8, 2], [8, 4], [6, 4]]]
    shapes = [dict(label='t', points=points, group_id=3) for points in parts]
    text(tmp_path / 'a.json', labelme_json([*shapes, dict(label='u', points=parts[0], group_id=3)]))
    first, second = load(tmp_path).images[0].annotations
    assert isinstance(first.shape, Polygon)
    assert first.shape.bounds == (2, 2, 8, 4)
    inside = filled(first.shape, HEIGHT, WIDTH)
    assert inside is not None
    assert inside.pixels.tolist() == [[True, True, False, False, True, True]] * 2
    assert second.label == 1


def test_the_image_inside_of_the_json(tmp_path: Path) -> None:
    content = (image(tmp_path / 'b.png')).read_bytes()
    (tmp_path / 'b.png').unlink()
    data = base64.b64encode(content).decode()
    text(tmp_path / 'b.json', labelme_json([], '/home/me/b.png', imageData=data))
    labels = load(tmp_path)
    assert labels.images[0].data == content
    assert labels.images[0].name == 'b.png'
    assert any('the images inside of the JSON files are taken' in note for note in labels.notes)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    for shapes, message in (
        ([dict(label='t', points=[[1, 1], [2, 2]])], 'a.json: a polygon with the points'),
        ([dict(label='t', points=[[1, 1], [2, 'x'], [3, 3]])], 'a.json: a polygon with the points'),
        ([dict(label='t', points=[[1, 1]], shape_type='cube')], "a.json: a shape of the kind 'cube'"),
        ([dict(label='', points=[[1, 1]], shape_type='point')], 'a.json: a target has no class name'),
        ([dict(label='t', points=[[1, 1], [2, 2]], shape_type='mask', mask='%%')], 'no base64'),
        (
            [dict(label='t', points=[[1, 1], [1, 1]], shape_type='mask', mask=_png(np.zeros((1, 1), np.uint8)))],
            'without a',
        ),
        ([dict(label='t', points=[[1, 1], [1, 4]], shape_type='rectangle')], r'\(no area\)'),
    ):
        text(tmp_path / 'a.json', labelme_json(shapes))
        with pytest.raises(DataError, match=message):
            load(tmp_path)
    text(tmp_path / 'c.json', labelme_json([], 'c.png'))
    text(tmp_path / 'a.json', labelme_json([]))
    with pytest.raises(MissingDataError, match='c.png .*c.json'):
        load(tmp_path)
    image(tmp_path / 'elsewhere/deep/c.png')
    assert len(load(tmp_path).images) == 2
    with pytest.raises(MissingDataError, match=r'a.png \('):
        load(tmp_path, ReadOptions(images=tmp_path / 'elsewhere'))
