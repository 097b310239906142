"""Round trips: what a format holds comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmirstd.datasets import ClipDataset, SIRSTDataset
from mmirstd.datasets.image_io import read_mask
from mmirstd.datasets.labels import (
    FORMATS,
    Annotation,
    ConvertOptions,
    LabeledImage,
    LabelSet,
    Placing,
    ReadOptions,
    check,
    convert_labels,
)
from mmirstd.datasets.labels.checking import CheckOptions
from mmirstd.datasets.labels.shapes import Box, Mask, Point, Polygon, Shape, filled
from mmirstd.datasets.points.click import GrowOptions
from mmirstd.utils.errors import ConfigError, DataError
from tests.shared import SHARED, needs_shared
from tests.test_datasets.helpers import make_root
from tests.test_datasets.test_labels.files import image, load, text, voc_object, voc_xml
from tests.test_datasets.test_labels.strategies import HEIGHT, WIDTH, boxes, canvas, masks

WRITTEN = [name for name, known in FORMATS.items() if known.write is not None]
#: By format: how far a side of a box may be from where it was, in pixels.
ROUNDING = {
    'coco': 1e-6,  # six decimals: half of that for the corner, as much for the size
    'yolo': 2 * 5e-9 * WIDTH,  # eight decimals of a share: half for the center, half of half for the size
    'labelme': 0,
    'cvat': 5e-7,
    'txt': 5e-5,  # six digits of up to 40 pixels
}
FLOAT = 1e-9  # of adding and taking apart


def _set(folder: Path, shapes: list[Shape]) -> LabelSet:
    path = image(folder / 'a.png')
    targets = [Annotation(shape) for shape in shapes]
    labels = LabelSet('made', ['target'], [LabeledImage('a.png', path, HEIGHT, WIDTH, targets, 'train')])
    check(labels, CheckOptions())
    return labels


def _there_and_back(shapes: list[Shape], name: str, *args: object) -> list[Shape]:
    with TemporaryDirectory() as folder:
        labels = _set(Path(folder, 'from'), shapes)
        with Placing(Path(folder, 'to')) as placing:
            FORMATS[name].write(labels, placing, *args)
        found = load(Path(folder, 'to'))
        assert [i.name for i in found.images] == ['a.png']
        assert found.classes == ['target']
        return [annotation.shape for annotation in found.annotations()]


few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize('name', ROUNDING)
@few
@given(st.lists(boxes(), min_size=1, max_size=4))
def test_boxes_stay(name: str, given_boxes: list[Box]) -> None:
    # COCO takes boxes within 0 to 1 for shares, and repeated ones once
    given_boxes = list(dict.fromkeys([Box(2, 2, 5, 5), *given_boxes]))
    found = _there_and_back(list(given_boxes), name)
    assert len(found) == len(given_boxes)
    for before, after in zip(given_boxes, found):
        assert after.bounds == pytest.approx(before.bounds, abs=ROUNDING[name] + FLOAT, rel=0)


@few
@given(st.lists(boxes(), min_size=1, max_size=4))
def test_voc_rounds_boxes_to_whole_pixels(given_boxes: list[Box]) -> None:
    found = _there_and_back(list(given_boxes), 'voc')
    assert len(found) == len(given_boxes)
    for before, after in zip(given_boxes, found):
        assert all(value == int(value) for value in after.bounds)
        # to the nearest edge; what is smaller than a pixel gets one, which holds its center
        small = [before.bounds[k + 2] - before.bounds[k] <= 1 for k in (0, 1)] * 2
        assert all(abs(a - b) <= (1 if s else 0.5) for a, b, s in zip(after.bounds, before.bounds, small))


@pytest.mark.parametrize('name', ['coco', 'labelme', 'cvat'])
@few
@given(masks())
def test_masks_stay(name: str, mask: Mask) -> None:
    (found,) = _there_and_back([mask], name)
    inside = filled(found, HEIGHT, WIDTH)  # COCO holds masks without holes as their outlines
    assert inside is not None
    np.testing.assert_array_equal(canvas(inside), canvas(mask))
    assert found.bounds == mask.bounds


@few
@given(masks())
def test_masks_of_one_part_without_holes_stay_in_yolo(mask: Mask) -> None:
    mask = Mask(mask.left, mask.top, np.maximum.accumulate(mask.pixels, axis=1))  # all pixels to the right of one
    shapes = _there_and_back([mask], 'yolo', True)
    whole = np.zeros((HEIGHT, WIDTH), bool)
    for shape in shapes:
        # shares of eight decimals, multiplied by the size: back on the edges of pixels
        assert isinstance(shape, Polygon)
        whole |= canvas(filled(Polygon(tuple(np.round(ring, 6) for ring in shape.rings)), HEIGHT, WIDTH))
    np.testing.assert_array_equal(whole, canvas(mask))


@few
@given(masks())
def test_masks_stay_masks(mask: Mask) -> None:
    whole = sum(canvas(found) for found in _there_and_back([mask], 'masks'))
    np.testing.assert_array_equal(whole, canvas(mask))


@pytest.mark.parametrize('name', ['coco', 'labelme', 'cvat'])
def test_points_and_polygons_stay(name: str) -> None:
    rings = (np.array([[2, 2], [5.5, 2], [4, 6.25]]), np.array([[8.0, 2], [9, 2], [9, 4]]))
    polygon, point = _there_and_back([Polygon(rings), Point(20.5, 3.25)], name)
    assert isinstance(polygon, Polygon)
    for before, after in zip(rings, polygon.rings):
        np.testing.assert_allclose(after, before, atol=1e-6)
    assert point == Point(20.5, 3.25)


def test_turned_boxes() -> None:
    box = Box(10, 10, 16, 12, 30)
    (found,) = _there_and_back([box], 'cvat')
    assert found == box
    for name in ('coco', 'labelme'):
        (found,) = _there_and_back([box], name)
        assert isinstance(found, Polygon)
        np.testing.assert_allclose(found.rings[0], box.corners, atol=1e-6)
    (found,) = _there_and_back([box], 'yolo')
    assert found.bounds == pytest.approx(box.bounds, abs=1e-6)


def test_the_written_data_sets_are_those_of_training(tmp_path: Path) -> None:
    """COCO for detectors, masks for segmentation, from XML files."""
    for name in ('a', 'b'):
        image(tmp_path / f'voc/JPEGImages/{name}.png', seed=ord(name))
        text(tmp_path / f'voc/Annotations/{name}.xml', voc_xml(voc_object('drone', 4, 6, 9, 10), f'{name}.png'))
        text(tmp_path / f'voc/ImageSets/Main/{"train" if name == "a" else "test"}.txt', name)
    labels, notes = convert_labels([tmp_path / 'voc'], 'coco', tmp_path / 'coco')
    assert labels.summary() == '2 images (train 1, test 1), 2 boxes, class drone'
    clips = ClipDataset(data_root=str(tmp_path / 'coco'), ann_file='instances_test2017.json', num_frames=1)
    assert [i['bbox'] for i in clips.get_data_info(0)['instances']] == [[3, 5, 9, 10]]
    convert_labels([tmp_path / 'coco'], 'masks', tmp_path / 'masks')
    stills = SIRSTDataset(data_root=str(tmp_path / 'masks'), ann_file='img_idx/train.txt')
    (sample,) = [stills.get_data_info(0)]
    mask = read_mask(sample['seg_map_path'])
    np.testing.assert_array_equal(mask > 0, canvas(filled(Box(3, 5, 9, 10), HEIGHT, WIDTH)))
    # 16 bits stay
    assert cv2.imread(sample['img_path'], cv2.IMREAD_UNCHANGED).dtype == np.uint16


def test_boxes_become_masks_and_masks_boxes(tmp_path: Path) -> None:
    image(tmp_path / 'voc/a.png')
    text(tmp_path / 'voc/a.xml', voc_xml(voc_object('t', 4, 6, 11, 13) + voc_object('t', 21, 6, 21, 6)))
    for fill, inside in (('ellipse', 52), ('box', 64)):
        convert_labels([tmp_path / 'voc'], 'masks', tmp_path / fill, ConvertOptions(fill=fill))
        mask = read_mask(tmp_path / fill / 'masks/a.png')
        assert int(mask.sum()) == inside + 1
        # and back: the boxes are those that were given
        labels, _ = convert_labels([tmp_path / fill], 'yolo', tmp_path / f'{fill}_yolo')
        back = load(tmp_path / f'{fill}_yolo')
        bounds = [a.shape.bounds for a in back.annotations()]
        assert bounds[0] == pytest.approx((3, 5, 11, 13), abs=1e-6)
        assert bounds[1] == pytest.approx((20, 5, 21, 6), abs=1e-6)
    convert_labels([tmp_path / 'voc'], 'masks', tmp_path / 'soft', ConvertOptions(fill='gaussian'))
    soft = cv2.imread(str(tmp_path / 'soft/masks/a.png'), cv2.IMREAD_UNCHANGED)
    assert len(np.unique(soft)) > 10
    np.testing.assert_array_equal(read_mask(tmp_path / 'soft/masks/a.png'), read_mask(tmp_path / 'ellipse/masks/a.png'))
    with pytest.raises(ConfigError, match='only --to masks'):
        convert_labels([tmp_path / 'voc'], 'coco', tmp_path / 'no', ConvertOptions(fill='gaussian'))


def test_points_need_a_size(tmp_path: Path) -> None:
    labels = _set(tmp_path / 'from', [Point(10.5, 10.5)])
    with Placing(tmp_path / 'cvat') as placing:
        FORMATS['cvat'].write(labels, placing)
    with pytest.raises(DataError, match='--point-size'):
        convert_labels([tmp_path / 'cvat'], 'masks', tmp_path / 'masks')
    with pytest.raises(DataError, match='--point-size'):
        convert_labels([tmp_path / 'cvat'], 'coco', tmp_path / 'coco', ConvertOptions(kind='boxes'))
    convert_labels([tmp_path / 'cvat'], 'masks', tmp_path / 'masks', ConvertOptions(point_size=3))
    assert read_mask(tmp_path / 'masks/masks/a.png')[9:12, 9:12].sum() == 9
    convert_labels([tmp_path / 'masks'], 'coco', tmp_path / 'points', ConvertOptions(kind='points'))
    (annotation,) = load(tmp_path / 'points').annotations()
    assert annotation.shape == Point(10.5, 10.5)


def test_data_sets_are_merged(tmp_path: Path) -> None:
    make_root(tmp_path / 'first', ['a', 'b'])
    for name in ('b', 'c'):
        image(tmp_path / f'second/{name}.png', seed=ord(name))
        text(tmp_path / f'second/{name}.xml', voc_xml(voc_object('drone', 4, 6, 9, 10), f'{name}.png'))
    labels, notes = convert_labels([tmp_path / 'first', tmp_path / 'second'], 'coco', tmp_path / 'out')
    assert [i.name for i in labels.images] == ['first/a.png', 'first/b.png', 'second/b.png', 'second/c.png']
    assert labels.classes == ['target', 'drone']
    assert any('1 names of images are in several data sets, the first is b' in note for note in notes)
    assert any('second has no splits' in note for note in notes)
    found = load(tmp_path / 'out')
    assert sorted(i.name for i in found.images) == sorted(i.name for i in labels.images)
    one, notes = convert_labels(
        [tmp_path / 'first', tmp_path / 'second'], 'coco', tmp_path / 'one', ConvertOptions(one_class='target')
    )
    assert one.classes == ['target']
    assert {a.label for a in one.annotations()} == {0}
    assert any('target, drone all became target' in note for note in notes)


def test_labels_alone_are_written_beside_the_images(tmp_path: Path) -> None:
    root = tmp_path / 'mine'
    image(root / 'images/a.png')
    text(root / 'labels/a.txt', '0 0.5 0.5 0.1 0.25')
    with pytest.raises(ConfigError, match='is the source, too'):
        convert_labels([root], 'coco', root)
    convert_labels([root], 'coco', root, ConvertOptions(images='none'))
    data = json.loads((root / 'instances.json').read_text())
    assert [i['file_name'] for i in data['images']] == ['images/a.png']
    assert len(ClipDataset(data_root=str(root), ann_file='instances.json', num_frames=1)) == 1
    convert_labels([root / 'instances.json'], 'voc', tmp_path / 'linked', ConvertOptions(images='link'))
    assert (tmp_path / 'linked/JPEGImages/a.png').is_symlink()


def test_another_image_is_never_overwritten(tmp_path: Path) -> None:
    image(tmp_path / 'first/a.png', seed=1)
    text(tmp_path / 'first/a.xml', voc_xml(voc_object('t', 4, 6, 9, 10)))
    convert_labels([tmp_path / 'first'], 'coco', tmp_path / 'out')
    convert_labels([tmp_path / 'first'], 'coco', tmp_path / 'out')  # again: nothing changes
    image(tmp_path / 'first/a.png', seed=2)
    with pytest.raises(DataError, match='is there already, and is another image'):
        convert_labels([tmp_path / 'first'], 'coco', tmp_path / 'out')


def _points(folder: Path, **rows: tuple[float, float] | None) -> Path:
    """Images and a table of points; None: an image without targets."""
    for name in rows:
        image(folder / f'images/{name}.png', seed=ord(name[0]))
    lines = [f'{name}.png,{"," if row is None else f"{row[0]},{row[1]}"}' for name, row in rows.items()]
    text(folder / 'points.csv', '\n'.join(['image,x,y', *lines]) + '\n')
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


@pytest.mark.parametrize('name', WRITTEN)
def test_labels_are_neither_replaced_nor_mixed(name: str, tmp_path: Path) -> None:
    out, options = tmp_path / 'out', ConvertOptions(point_size=3)
    first = _points(tmp_path / 'first', a=(10.5, 10.5), b=None)
    convert_labels([first], name, out, options)
    before = _files(out)
    convert_labels([first], name, out, options)  # again: nothing changes
    assert _files(out) == before
    others = [_points(tmp_path / 'moved', a=(20.5, 10.5), b=None)]  # the same images
    if name not in ('masks', 'yolo', 'voc', 'labelme'):  # one file of labels, which is another one
        others.append(_points(tmp_path / 'fewer', a=(10.5, 10.5)))
    else:
        others.append(_points(tmp_path / 'more', c=(10.5, 10.5)))
    for other in others:
        with pytest.raises(
            DataError, match=r'out: found \d (of its )?label files (?s:.*)cure: write to another folder'
        ):
            convert_labels([other], name, out, options)
        assert _files(out) == before


def test_masks_corrected_by_hand_stay(tmp_path: Path) -> None:
    source = _points(tmp_path / 'in', a=(10.5, 10.5), b=(10.5, 10.5))
    convert_labels([source], 'masks', tmp_path / 'out', ConvertOptions(point_size=3))
    for name in 'ab':  # another program writes other bytes
        pixels = cv2.imread(str(tmp_path / f'out/masks/{name}.png'), 0)
        cv2.imwrite(str(tmp_path / f'out/masks/{name}.png'), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    text(tmp_path / 'out/img_idx/train.txt', 'a\n')  # as docs/points.md says
    before = _files(tmp_path / 'out')
    convert_labels([source], 'masks', tmp_path / 'out', ConvertOptions(point_size=3))
    assert _files(tmp_path / 'out') == before
    pixels[10, 10] = 0
    cv2.imwrite(str(tmp_path / 'out/masks/b.png'), pixels)
    before = _files(tmp_path / 'out')
    with pytest.raises(DataError, match=r'found 1 of its label files with other content \(masks/b.png\)'):
        convert_labels([source], 'masks', tmp_path / 'out', ConvertOptions(point_size=3))
    assert _files(tmp_path / 'out') == before


def test_nothing_is_written_where_a_format_refuses(tmp_path: Path) -> None:
    source = _points(tmp_path / 'in', a=None, b=(10.5, 10.5))
    with pytest.raises(DataError, match='--point-size'):
        convert_labels([source], 'yolo', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_labels_join_those_that_are_read(tmp_path: Path) -> None:
    """Beside labels of its own format, too: a person adds another file, and says so by --copy none."""
    root = _points(tmp_path / 'mine', a=(10.5, 10.5))
    convert_labels([root], 'coco', root, ConvertOptions(images='none'))
    (root / 'instances.json').rename(root / 'clicked.json')
    options = ConvertOptions(source_format='coco', images='none', one_class='drone')
    convert_labels([root], 'coco', root, options)
    assert {path.name for path in root.glob('*.json')} == {'clicked.json', 'instances.json'}


def test_two_images_of_one_label_file(tmp_path: Path) -> None:
    """What :func:`check` prevents."""
    labels = _set(tmp_path / 'from', [Box(3, 3, 6, 6)])
    labels.images.append(LabeledImage('a.tif', image(tmp_path / 'from/a.tif'), HEIGHT, WIDTH, split='train'))
    with (
        pytest.raises(DataError, match=r'a\.png: is the label file of two images'),
        Placing(tmp_path / 'to') as placing,
    ):
        FORMATS['masks'].write(labels, placing)
    labels.images[1].name = 'a.png'
    labels.images[1].path = image(tmp_path / 'from/b.png', seed=5)
    with pytest.raises(DataError, match=r'a\.png: is the place of two images'), Placing(tmp_path / 'to') as placing:
        FORMATS['coco'].write(labels, placing)
    assert not (tmp_path / 'to').exists()


def test_names_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    content = {
        'images': [{'id': 1, 'file_name': '..\\../up/a.png', 'width': WIDTH, 'height': HEIGHT}],
        'annotations': [{'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': [3, 3, 4, 4]}],
        'categories': [{'id': 1, 'name': 't'}],
    }
    text(tmp_path / 'in/labels.json', json.dumps(content))
    options = ConvertOptions(check=CheckOptions(missing_images='keep'), images='none')
    convert_labels([tmp_path / 'in'], 'voc', tmp_path / 'out/here', options)
    files = [path for path in tmp_path.rglob('*') if path.is_file()]
    assert sorted(files) == [tmp_path / 'in/labels.json', tmp_path / 'out/here/Annotations/up/a.xml']


def test_two_images_of_one_stem(tmp_path: Path) -> None:
    image(tmp_path / 'in/a.png', seed=1)
    image(tmp_path / 'in/a.tif', seed=2)
    content = {
        'images': [{'id': k, 'file_name': name} for k, name in enumerate(('a.png', 'a.tif'))],
        'annotations': [{'id': k, 'image_id': k, 'category_id': 1, 'bbox': [3, 3, 4, 4]} for k in (0, 1)],
        'categories': [{'id': 1, 'name': 't'}],
    }
    text(tmp_path / 'in/labels.json', json.dumps(content))
    labels, notes = convert_labels([tmp_path / 'in'], 'labelme', tmp_path / 'out')
    assert len({i.stem for i in labels.images}) == 2
    assert any('had the name of another one' in note for note in notes)
    assert len(load(tmp_path / 'out').images) == 2


def test_what_a_format_does_not_hold_is_said(tmp_path: Path) -> None:
    labels = _set(tmp_path / 'from', [Mask(3, 3, np.ones((2, 2), bool)), Box(10.25, 10, 14, 14)])
    labels.images[0].annotations[0].ignore = True
    with Placing(tmp_path / 'coco') as placing:
        FORMATS['coco'].write(labels, placing)
    for name, expected in {
        'voc': {'1 outlines became boxes', '1 boxes were rounded to whole pixels'},
        'yolo': {'1 outlines became boxes', '1 ignored targets became ordinary ones'},
        'labelme': {'1 ignored targets became ordinary ones', 'splits are not kept'},
        'cvat': {'1 ignored targets became ordinary ones'},
        'masks': {'1 ignored targets are left out'},
        'txt': {'1 outlines became boxes', '1 ignored targets became ordinary ones'},
    }.items():
        _, notes = convert_labels([tmp_path / 'coco'], name, tmp_path / name)
        assert set(notes) >= expected, name


@needs_shared
def test_real_masks_through_every_format(tmp_path: Path) -> None:
    """The masks of eight images of NUAA-SIRST: masks where a format holds them, else their boxes or centers."""
    assert SHARED is not None
    source = SHARED / 'cases/masks_instance_ref'
    original = {i.stem: i for i in load(source).images}
    for name in WRITTEN:
        kind = 'masks' if name in ('masks', 'coco', 'labelme', 'cvat', 'yolo') else 'boxes'
        convert_labels([source], name, tmp_path / name, ConvertOptions(kind=kind))
        found = load(tmp_path / name, ReadOptions())
        assert {i.stem for i in found.images} == set(original)
        for entry in found.images:
            before = [a.shape for a in original[entry.stem].annotations]
            after = [a.shape for a in entry.annotations]
            assert len(after) == len(before)
            for first, second in zip(before, after):
                bounds = first.bounds
                if name == 'points':  # the center, twice
                    bounds = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2) * 2
                assert second.bounds == pytest.approx(bounds, abs=1e-5)
                if kind == 'masks' and name != 'yolo':
                    inside = filled(second, *entry.size)
                    assert inside is not None
                    np.testing.assert_array_equal(inside.pixels, first.pixels)


@pytest.mark.parametrize('name', [name for name in WRITTEN if name not in ('masks', 'points')])
def test_points_at_the_border_become_boxes_in_the_image(name: str, tmp_path: Path) -> None:
    source = _points(tmp_path / 'in', a=(1.5, 1.5), b=(10.5, 10.5), c=(float(WIDTH), 12.5))
    _, notes = convert_labels([source], name, tmp_path / 'out', ConvertOptions(point_size=5))
    assert any('3 points have no size' in note and '; 2 of them reach out of their image' in note for note in notes)
    found = {i.stem: [a.shape.bounds for a in i.annotations] for i in load(tmp_path / 'out').images}
    right = WIDTH - 2.5 if name != 'voc' else WIDTH - 2  # rounded
    expected = dict(a=(0, 0, 4, 4), b=(8, 8, 13, 13), c=(right, 10, WIDTH, 15))
    assert found == {stem: [pytest.approx(bounds, abs=1e-4)] for stem, bounds in expected.items()}


def test_masks_of_points_at_the_border_are_parts_of_the_whole_ellipse(tmp_path: Path) -> None:
    source = _points(tmp_path / 'in', a=(1.5, 1.5), b=(10.5, 10.5))
    convert_labels([source], 'masks', tmp_path / 'out', ConvertOptions(point_size=5))
    border, middle = (read_mask(tmp_path / f'out/masks/{stem}.png') for stem in 'ab')
    np.testing.assert_array_equal(border[:4, :4], middle[9:13, 9:13])
    assert border.sum() == middle[9:13, 9:13].sum()


def test_points_grow_to_what_is_in_the_image(tmp_path: Path) -> None:
    pixels = np.full((30, 40), 60, np.uint8)
    pixels[8:13, 20:24] = 160
    (tmp_path / 'photos').mkdir()
    cv2.imwrite(str(tmp_path / 'photos/a.png'), pixels)
    table = text(tmp_path / 'clicks.csv', 'image,x,y\na.png,21,10\na.png,3,3\n')
    options = ConvertOptions(read=ReadOptions(images=tmp_path / 'photos'), grow=GrowOptions())
    _, notes = convert_labels([table], 'masks', tmp_path / 'out', options)
    mask = read_mask(tmp_path / 'out/masks/a.png')
    expected = pixels == 160
    expected[3, 3] = True  # nothing stands out there
    np.testing.assert_array_equal(mask > 0, expected)
    assert any('2 points have grown' in note and '1 of them are one pixel' in note for note in notes)
    with pytest.raises(ConfigError, match='give one'):
        convert_labels([table], 'masks', tmp_path / 'no', replace(options, point_size=3))


def test_labels_nearby_are_named(tmp_path: Path) -> None:
    """As RGBT-Tiny is shipped: the JSON files of two cameras, none of which is to be taken unasked."""
    image(tmp_path / 'images/a/01/0.png')
    content = dict(images=[dict(id=1, file_name='a/01/0.png')], annotations=[], categories=[])
    text(tmp_path / 'annotations_coco/instances_01_train2017.json', json.dumps(content))
    with pytest.raises(DataError, match='annotations_coco holds labels of the format coco: name it'):
        load(tmp_path)


def test_label_studio_is_told_what_to_export(tmp_path: Path) -> None:
    image(tmp_path / 'images/a.png')
    result = dict(type='rectanglelabels', value=dict(x=1, y=2, width=3, height=4, rectanglelabels=['drone']))
    task = dict(data=dict(image='/data/upload/1/a.png'), annotations=[dict(result=[result])])
    path = text(tmp_path / 'project.json', json.dumps([task]))
    for source in (tmp_path, path):
        with pytest.raises(DataError, match='export the project as COCO or YOLO'):
            load(source)
