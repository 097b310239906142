from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from mmirstd.datasets.labels import ReadOptions
from mmirstd.datasets.labels.shapes import Box, Mask, Point, Polygon
from mmirstd.utils.errors import DataError, MissingDataError
from tests.test_datasets.test_labels.files import image, load, text
from tests.test_datasets.test_labels.strategies import HEIGHT, WIDTH


def _coco(annotations: list[dict[str, Any]], **image_keys: Any) -> str:
    return json.dumps(
        {
            'images': [{'id': 1, 'file_name': 'a.png', 'width': WIDTH, 'height': HEIGHT} | image_keys],
            'annotations': [{'id': k, 'image_id': 1, 'category_id': 2} | a for k, a in enumerate(annotations)],
            'categories': [{'id': 2, 'name': 'drone'}, {'id': 5, 'name': 'bird'}],
        }
    )


def test_boxes_polygons_run_lengths_and_points(tmp_path: Path) -> None:
    image(tmp_path / 'images/a.png')
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8, order='F')
    pixels[5:8, 10:13] = [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    runs = coco_mask.encode(pixels)
    changes = np.flatnonzero(np.diff(pixels.ravel(order='F'), prepend=0, append=2))
    text(
        tmp_path / 'instances_train2017.json',
        _coco(
            [
                dict(bbox=[3, 4, 5, 6], segmentation=[[]], track_id=7, scr=4.5),
                dict(bbox=[1, 1, 2, 2], segmentation=[[1, 1, 3, 1, 3, 3], [5, 5, 6, 5, 6, 6]], category_id=5),
                dict(segmentation={'size': [HEIGHT, WIDTH], 'counts': runs['counts'].decode()}, iscrowd=1),
                dict(
                    bbox=[10, 5, 3, 3],
                    segmentation={'size': [HEIGHT, WIDTH], 'counts': np.diff(changes, prepend=0).tolist()},
                ),
                dict(bbox=[0, 0, 0, 0], keypoints=[20.5, 3.5, 2], num_keypoints=1),
                dict(bbox=[20, 3, 2, 2], keypoints=[20.5, 3.5, 2, 21, 4, 1, 0, 0, 0], num_keypoints=2),
            ]
        ),
    )
    labels = load(tmp_path)
    box, polygon, crowd, uncompressed, point, several = labels.images[0].annotations
    assert (box.shape, box.track_id, box.scr) == (Box(3, 4, 8, 10), 7, 4.5)
    assert isinstance(polygon.shape, Polygon)
    assert polygon.shape.bounds == (1, 1, 6, 6)
    assert labels.classes[polygon.label] == 'bird'
    for mask in (crowd.shape, uncompressed.shape):
        assert isinstance(mask, Mask)
        assert (mask.left, mask.top) == (10, 5)
        np.testing.assert_array_equal(mask.pixels, pixels[5:8, 10:13])
    assert crowd.ignore
    assert point.shape == Point(20.5, 3.5)
    assert several.shape == Box(20, 3, 22, 5)
    assert any('1 targets have several keypoints' in note for note in labels.notes)
    assert labels.images[0].split == 'train'


def test_shares_and_corners(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    path = text(tmp_path / 'labels.json', _coco([dict(bbox=[0.25, 0.5, 0.1, 0.25])]))
    (annotation,) = load(path).annotations()
    assert annotation.shape.bounds == pytest.approx((10, 12, 14, 18))
    text(path, _coco([dict(bbox=[30, 15, 36, 20], area=30)]))
    with pytest.raises(DataError, match='--box-format xyxy'):
        load(path)
    (annotation,) = load(path, ReadOptions(box_format='xyxy')).annotations()
    assert annotation.shape == Box(30, 15, 36, 20)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    path = tmp_path / 'labels.json'
    for annotation, message in (
        (dict(bbox=[1, 2, 3, 4], segmentation=[[1, 2, 3, 4]]), 'annotation 0 of a.png has bbox='),
        (dict(), 'annotation 0 of a.png has no bbox'),
        (dict(bbox=[1, 2, 3, 4], segmentation={'size': [4, 4], 'counts': [3, 3]}), 'counts of 6 pixels'),
        (dict(bbox=[1, 2, 3, 4], segmentation={'size': [4, 4], 'counts': [3, 13]}), 'a mask of it 4x4'),
        (dict(bbox=[1, 2, 3, 4], segmentation={'size': [HEIGHT, WIDTH], 'counts': [960]}), 'holds no pixel'),
        (dict(bbox=[1, 2, 3, 4], category_id=9), 'have the category 9'),
    ):
        text(path, _coco([annotation]))
        with pytest.raises(DataError, match=message):
            load(path)


def test_the_folders_of_roboflow(tmp_path: Path) -> None:
    """The same file name in two splits is two images."""
    for seed, split in enumerate(('test', 'train', 'valid')):
        image(tmp_path / split / 'a.png', seed=seed)
        text(tmp_path / split / '_annotations.coco.json', _coco([dict(bbox=[1 + seed, 2, 3, 4])]))
    found = [(i.split, i.path.parent.name if i.path else '', i.annotations[0].shape) for i in load(tmp_path).images]
    assert found == [
        ('test', 'test', Box(1, 2, 4, 6)),
        ('train', 'train', Box(2, 2, 5, 6)),
        ('val', 'valid', Box(3, 2, 6, 6)),
    ]
    assert [i.split for i in load(tmp_path / 'valid').images] == ['val']


def test_an_image_that_roboflow_lacks_is_not_taken_from_another_split(tmp_path: Path) -> None:
    image(tmp_path / 'train/a.png')
    content = dict(images=[dict(id=1, file_name='a.png')], annotations=[], categories=[])
    for split in ('train', 'valid'):
        text(tmp_path / split / '_annotations.coco.json', json.dumps(content))
    with pytest.raises(MissingDataError, match='1 of 2 images are missing'):
        load(tmp_path)
