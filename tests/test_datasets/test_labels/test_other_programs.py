"""Our files read by other programs' own code, and theirs by ours; skipped where a program is not installed.

supervision 0.31.2, datumaro 1.13.12 and labelme 6.3.1 were installed to run these tests.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mmirstd.datasets.labels import FORMATS, Annotation, LabeledImage, LabelSet, Placing, check
from mmirstd.datasets.labels.checking import CheckOptions
from mmirstd.datasets.labels.shapes import Box, Mask, Polygon, Shape, filled
from tests.test_datasets.helpers import write
from tests.test_datasets.test_labels.files import load
from tests.test_datasets.test_labels.strategies import HEIGHT, WIDTH, canvas

BOXES = [Box(3, 4, 8, 9), Box(20, 10, 21, 11), Box(30, 0, 40, 24)]
RING = Mask(10, 5, np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool))
SPOT = Mask(25, 15, np.array([[0, 1], [1, 1]], bool))


def _write(folder: Path, name: str, shapes: list[Shape], *args: Any) -> Path:
    path = write(folder / 'from/a.png', np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    targets = [Annotation(shape, k % 2) for k, shape in enumerate(shapes)]
    labels = LabelSet('made', ['drone', 'bird'], [LabeledImage('a.png', path, HEIGHT, WIDTH, targets)])
    check(labels, CheckOptions())
    with Placing(folder / name) as placing:
        FORMATS[name].write(labels, placing, *args)
    return folder / name


@pytest.mark.parametrize('name', ['coco', 'yolo', 'voc', 'labelme'])
def test_supervision_reads_our_boxes(tmp_path: Path, name: str) -> None:
    sv = pytest.importorskip('supervision')
    out = _write(tmp_path, name, list(BOXES))
    data = _supervision(sv, name, out)
    ((_, _, detections),) = list(data)
    np.testing.assert_allclose(detections.xyxy, [box.bounds for box in BOXES], atol=1e-4)
    assert [data.classes[k] for k in detections.class_id] == ['drone', 'bird', 'drone']


def _supervision(sv: Any, name: str, out: Path) -> Any:
    if name == 'coco':
        return sv.DetectionDataset.from_coco(str(out), str(out / 'instances.json'))
    if name == 'yolo':
        return sv.DetectionDataset.from_yolo(str(out / 'images'), str(out / 'labels'), str(out / 'data.yaml'))
    if name == 'voc':
        return sv.DetectionDataset.from_pascal_voc(str(out / 'JPEGImages'), str(out / 'Annotations'))
    return sv.DetectionDataset.from_labelme(str(out), str(out))


@pytest.mark.parametrize('name', ['coco', 'yolo', 'voc', 'labelme'])
def test_we_read_the_boxes_of_supervision(tmp_path: Path, name: str) -> None:
    sv = pytest.importorskip('supervision')
    path = str(write(tmp_path / 'images/a.png', np.full((HEIGHT, WIDTH, 3), 90, np.uint8)))
    xyxy = np.array([box.bounds for box in BOXES], np.float32)
    data = sv.DetectionDataset(['drone', 'bird'], [path], {path: sv.Detections(xyxy, class_id=np.array([0, 1, 0]))})
    if name == 'coco':
        data.as_coco(str(tmp_path / 'images'), str(tmp_path / 'labels.json'))
    elif name == 'yolo':
        data.as_yolo(str(tmp_path / 'images'), str(tmp_path / 'labels'), str(tmp_path / 'data.yaml'))
    elif name == 'voc':
        data.as_pascal_voc(str(tmp_path / 'images'), str(tmp_path / 'labels'))
    else:
        data.as_labelme(str(tmp_path / 'images'), str(tmp_path / 'labels'))
    labels = load(tmp_path, name=name)
    (found,) = labels.images
    # its YOLO files have five decimals of a share
    np.testing.assert_allclose([a.shape.bounds for a in found.annotations], xyxy, atol=2e-5 * WIDTH)
    assert [labels.classes[a.label] for a in found.annotations] == ['drone', 'bird', 'drone']


def test_supervision_reads_our_run_lengths(tmp_path: Path) -> None:
    sv = pytest.importorskip('supervision')
    out = _write(tmp_path, 'coco', [RING])
    data = sv.DetectionDataset.from_coco(str(out), str(out / 'instances.json'), force_masks=True)
    ((_, _, detections),) = list(data)
    np.testing.assert_array_equal(detections.mask[0], canvas(RING))


def test_datumaro_reads_our_cvat_files(tmp_path: Path) -> None:
    pytest.importorskip('datumaro')
    from datumaro.components.annotation import AnnotationType
    from datumaro.components.dataset import Dataset

    out = _write(
        tmp_path, 'cvat', [*BOXES, RING, Polygon((np.array([[2, 2], [6.5, 2], [4, 6.0]]),)), Box(10, 10, 16, 12, 30)]
    )
    (item,) = list(Dataset.import_from(str(out), 'cvat'))
    boxes = [a for a in item.annotations if a.type == AnnotationType.bbox]
    np.testing.assert_allclose([(a.x, a.y, a.x + a.w, a.y + a.h) for a in boxes], [box.bounds for box in BOXES])
    (mask,) = [a for a in item.annotations if a.type == AnnotationType.mask]
    np.testing.assert_array_equal(np.asarray(mask.image) > 0, canvas(RING))
    (polygon,) = [a for a in item.annotations if a.type == AnnotationType.polygon]
    assert polygon.points == [2, 2, 6.5, 2, 4, 6]
    (turned,) = [a for a in item.annotations if a.type == AnnotationType.rotated_bbox]
    assert (turned.cx, turned.cy, turned.w, turned.h, turned.r) == (13, 11, 6, 2, 30)


@pytest.mark.parametrize('name', ['coco', 'voc', 'cvat'])
def test_we_read_the_files_of_datumaro(tmp_path: Path, name: str) -> None:
    pytest.importorskip('datumaro')
    from datumaro.components.annotation import Bbox
    from datumaro.components.annotation import Mask as DatumaroMask
    from datumaro.components.dataset import Dataset
    from datumaro.components.dataset_base import DatasetItem
    from datumaro.components.media import Image

    path = write(tmp_path / 'a.png', np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    annotations: list[Any] = [
        Bbox(b.x1, b.y1, b.x2 - b.x1, b.y2 - b.y1, label=k % 2, id=k + 1, group=k + 1, attributes={'occluded': False})
        for k, b in enumerate(BOXES)
    ]
    if name != 'voc':
        annotations.append(DatumaroMask(canvas(RING).astype(np.uint8), label=1, id=9, group=9))
    item = DatasetItem('a', subset='train', media=Image.from_file(str(path)), annotations=annotations)
    data = Dataset.from_iterable([item], categories=['drone', 'bird'])
    data.export(str(tmp_path / 'out'), {'coco': 'coco_instances'}.get(name, name), save_media=True)
    labels = load(tmp_path / 'out', name=name)
    shapes = [a.shape for i in labels.images for a in i.annotations]
    np.testing.assert_allclose([s.bounds for s in shapes if isinstance(s, Box)], [box.bounds for box in BOXES])
    if name != 'voc':
        (mask,) = [filled(s, HEIGHT, WIDTH) for s in shapes if not isinstance(s, Box)]
        np.testing.assert_array_equal(canvas(mask), canvas(RING))


@pytest.fixture
def labelme(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """How labelme reads and writes files, and fills shapes; without its window."""
    spec = importlib.util.find_spec('labelme')
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip('could not import labelme')
    package = types.ModuleType('labelme')
    package.__path__ = list(spec.submodule_search_locations)  # type: ignore[attr-defined]
    package.__version__ = '6.3.1'  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, 'labelme', package)
    try:
        # the two import each other, and only this order works
        shape = importlib.import_module('labelme.utils.shape')
        return importlib.import_module('labelme._label_file'), shape
    except ImportError as error:
        pytest.skip(f'could not import labelme: {error}')


def test_labelme_reads_our_files(tmp_path: Path, labelme: tuple[Any, Any]) -> None:
    label_file, shape = labelme
    out = _write(tmp_path, 'labelme', [BOXES[0], RING, SPOT])
    data = label_file.read_label_file(str(out / 'a.json'))
    assert data.image_path == 'a.png'
    assert [s['shape_type'] for s in data.shapes] == ['rectangle', 'mask', 'mask']
    _, instances = shape.shapes_to_label((HEIGHT, WIDTH), data.shapes, {'drone': 1, 'bird': 2})
    np.testing.assert_array_equal(instances == 2, canvas(RING))
    np.testing.assert_array_equal(instances == 3, canvas(SPOT))


def test_we_read_the_files_of_labelme(tmp_path: Path, labelme: tuple[Any, Any]) -> None:
    label_file, _ = labelme
    picture = np.full((HEIGHT, WIDTH), 90, np.uint8)
    write(tmp_path / 'a.png', picture)
    shapes = [
        dict(label='drone', points=[[3, 4], [8, 9]], shape_type='rectangle', flags={}, group_id=None, description='')
    ]
    for data in (None, cv2.imencode('.png', picture)[1].tobytes()):
        label_file.write_label_file(
            str(tmp_path / 'a.json'),
            shapes=shapes,
            image_path='a.png',
            image_height=HEIGHT,
            image_width=WIDTH,
            image_data=data,
        )
        (annotation,) = load(tmp_path).annotations()
        assert annotation.shape == BOXES[0]
