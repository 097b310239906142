from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmirstd.datasets.labels import ReadOptions
from mmirstd.datasets.labels.shapes import Box
from mmirstd.utils.errors import DataError, MissingDataError
from tests.test_datasets.test_labels.files import image, load, text, voc_object, voc_xml


def _shapes(labels) -> list:
    return [annotation.shape for annotation in labels.annotations()]


def test_the_definition_counts_pixels_from_1_and_includes_the_last(tmp_path: Path) -> None:
    image(tmp_path / 'JPEGImages/a.png')
    text(tmp_path / 'Annotations/a.xml', voc_xml(voc_object('drone', 4, 6, 4, 7, difficult=1)))
    labels = load(tmp_path)
    assert _shapes(labels) == [Box(3, 5, 4, 7)]  # one pixel wide
    assert labels.images[0].annotations[0].ignore
    assert labels.classes == ['drone']
    assert labels.images[0].name == 'a.png'
    assert 'pixels counted from 1' in labels.notes[1]


def test_a_corner_of_0_says_that_they_are_edges(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    text(tmp_path / 'a.xml', voc_xml(voc_object('drone', 0, 6, 4, 9) + voc_object('bird', 5, 6, 8, 9)))
    labels = load(tmp_path)
    assert _shapes(labels) == [Box(0, 6, 4, 9), Box(5, 6, 8, 9)]
    assert 'corners of 0 were found' in labels.notes[1]
    text(tmp_path / 'a.xml', voc_xml(voc_object('drone', 1, 6, 4, 9)))
    assert _shapes(load(tmp_path, ReadOptions(corners='edges'))) == [Box(1, 6, 4, 9)]
    text(tmp_path / 'a.xml', voc_xml(voc_object('drone', 0, 6, 4, 9) + voc_object('bird', 5, 6, 5, 6)))
    with pytest.raises(DataError, match='convert them apart'):
        load(tmp_path)


def test_renamed_files_zero_sizes_utf16_and_splits(tmp_path: Path) -> None:
    for name in ('a', 'b', 'c'):
        image(tmp_path / 'JPEGImages' / f'{name}.tif', seed=ord(name))
    text(tmp_path / 'Annotations/a.xml', voc_xml(voc_object('t', 3, 3, 5, 5), 'old_name.jpg', (0, 0)))
    utf16 = '<?xml version="1.0" encoding="utf-16"?>\n' + voc_xml('', 'b.png')
    text(tmp_path / 'Annotations/b.xml', utf16, 'utf-16')
    text(tmp_path / 'ImageSets/Main/train.txt', 'a\nb\n')
    text(tmp_path / 'ImageSets/Main/test.txt', 'c\n')
    labels = load(tmp_path)
    assert [(i.stem, i.split, len(i.annotations)) for i in labels.images] == [
        ('a', 'train', 1),
        ('b', 'train', 0),
        ('c', 'test', 0),
    ]
    assert any('1 images have no XML file' in note for note in labels.notes)
    (tmp_path / 'ImageSets/Main/test.txt').unlink()
    labels = load(tmp_path)
    assert [i.stem for i in labels.images] == ['a', 'b']
    assert any('1 images are in none of the lists train' in note for note in labels.notes)
    text(tmp_path / 'ImageSets/Main/test.txt', 'd\n')
    with pytest.raises(MissingDataError, match="neither an XML file nor an image for 'd'"):
        load(tmp_path)


def test_lists_tell_folders_apart(tmp_path: Path) -> None:
    for k, folder in enumerate('ab'):
        image(tmp_path / f'JPEGImages/{folder}/001.png', seed=k)
        target = voc_object('t', 3 + 5 * k, 3, 5 + 5 * k, 5)
        text(
            tmp_path / f'Annotations/{folder}/001.xml', voc_xml(target, '001.png')
        )  # without its folder, as labelImg writes it
    image(tmp_path / 'JPEGImages/c/002.png', seed=9)
    lists = tmp_path / 'ImageSets/Main'
    text(lists / 'train.txt', 'a/001\n002\n')  # a folder may be left out where nothing else is meant
    text(lists / 'val.txt', '/data/other/JPEGImages/b/001.png\n')  # a path of another machine
    found = [(i.split, i.name, [a.shape.bounds[0] for a in i.annotations]) for i in load(tmp_path).images]
    assert found == [('train', 'a/001.png', [2]), ('train', 'c/002.png', []), ('val', 'b/001.png', [7])]
    text(lists / 'val.txt', '001\n')
    with pytest.raises(
        DataError, match=r"val.txt: '001': found 2 images of this name \(JPEGImages/a/001.png, (?s:.*)cure"
    ):
        load(tmp_path)
    text(lists / 'val.txt', 'c/001\n')
    with pytest.raises(MissingDataError, match="neither an XML file nor an image for 'c/001'"):
        load(tmp_path)
    image(tmp_path / 'JPEGImages/001.png', seed=8)
    text(tmp_path / 'Annotations/001.xml', voc_xml('', 'JPEGImages/001.png'))
    text(lists / 'val.txt', 'JPEGImages/001\n')  # its whole name
    assert load(tmp_path).images[-1].name == '001.png'


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    label = tmp_path / 'a.xml'
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>' + voc_xml(voc_object('&c;', 3, 3, 5, 5))
    for content, message in (
        (bomb, 'a.xml: has a document type'),
        (voc_xml(voc_object('t', 3, 3, 5, 5))[:-20], 'a.xml: not valid XML'),
        (voc_xml(voc_object('t', 3, 3, 5, 'x')), "a.xml: ymax is 'x'; expected a number"),
        (voc_xml(voc_object('', 3, 3, 5, 5)), 'a.xml: a target has no class name'),
        (voc_xml('<object><name>t</name></object>'), "a.xml: the object 't' has no bndbox"),
        (voc_xml(voc_object('t', 30, 3, 45, 5)), r'a.png \(.*a.xml\): box .* \(partly outside\)'),
        (voc_xml(voc_object('t', 3, 3, 5, 5), size=(80, 48)), 'a.png: 40x24 pixels .*labeled as 80x48'),
    ):
        text(label, content)
        with pytest.raises(DataError, match=message):
            load(tmp_path)
    text(label, voc_xml(voc_object('t', 3, 3, 5, 5)))
    with pytest.raises(DataError, match="the class 't' is none of those given .drone.*"):
        load(tmp_path, ReadOptions(names=['drone']))
    (tmp_path / 'a.png').unlink()
    with pytest.raises(MissingDataError, match='1 of 1 images are missing'):
        load(tmp_path)


def test_what_is_wrong_can_be_mended(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    text(tmp_path / 'a.xml', voc_xml(voc_object('t', 31, 3, 45, 5) + voc_object('t', 50, 3, 55, 5)))
    assert _shapes(load(tmp_path, bad_box='clip')) == [Box(30, 2, 40, 5)]
    assert _shapes(load(tmp_path, bad_box='drop')) == []
    text(tmp_path / 'a.xml', voc_xml(voc_object('t', 21, 3, 24, 6), size=(80, 48)))
    labels = load(tmp_path, size_mismatch='scale')
    assert _shapes(labels) == [Box(10, 1, 12, 3)]
    assert any('were scaled to the size of the file' in note for note in labels.notes)
    shutil.copy(tmp_path / 'a.xml', tmp_path / 'b.xml')
    text(tmp_path / 'b.xml', voc_xml('', 'b.png'))
    labels = load(tmp_path, size_mismatch='scale', missing_images='skip')
    assert [i.name for i in labels.images] == ['a.png']
    labels = load(tmp_path, size_mismatch='scale', missing_images='keep')
    assert [(i.name, i.size) for i in labels.images] == [('a.png', (24, 40)), ('b.png', (24, 40))]


def test_folders_tell_the_split_where_there_are_no_lists(tmp_path: Path) -> None:
    """As DUT-Anti-UAV is shipped."""
    for split in ('train', 'val'):
        image(tmp_path / f'{split}/img/{split}.jpg', seed=len(split))
        text(tmp_path / f'{split}/xml/{split}.xml', voc_xml(voc_object('UAV', 3, 3, 5, 5), f'{split}.jpg'))
    assert [(i.name, i.split) for i in load(tmp_path).images] == [('train.jpg', 'train'), ('val.jpg', 'val')]


def test_the_files_of_sirst_v2(tmp_path: Path) -> None:
    """An image without target has an object without box; masks beside are no images."""
    for name, objects in (
        ('a', voc_object('Target', 3, 3, 5, 5)),
        ('b', '<object><pixels><id>0</id></pixels></object>'),
    ):
        image(tmp_path / f'mixed/{name}.png', seed=ord(name))
        image(tmp_path / f'annotations/masks/{name}_pixels0.png')
        text(tmp_path / f'annotations/bboxes/{name}.xml', voc_xml(objects, name))
    labels = load(tmp_path, name='voc')
    assert [(i.stem, len(i.annotations)) for i in labels.images] == [('mixed/a', 1), ('mixed/b', 0)]
    assert any('1 objects have <pixels> and no bndbox' in note for note in labels.notes)


def test_images_of_another_split_do_not_fit(tmp_path: Path) -> None:
    """DUT-Anti-UAV counts from 00001 in each split."""
    for seed, split in enumerate(('test', 'train', 'val')):
        image(tmp_path / split / 'img/00001.png', seed=seed)
        text(tmp_path / split / 'xml/00001.xml', voc_xml(voc_object('UAV', 3 + seed, 3, 5 + seed, 5), '00001.png'))
    labels = load(tmp_path)
    assert [(i.split, i.path, i.annotations[0].shape.bounds[0]) for i in labels.images] == [
        (split, tmp_path / split / 'img/00001.png', 2 + seed) for seed, split in enumerate(('test', 'train', 'val'))
    ]
    (tmp_path / 'test/img/00001.png').unlink()
    (tmp_path / 'val/img/00001.png').unlink()
    with pytest.raises(MissingDataError, match='2 of 3 images are missing'):
        load(tmp_path)
