from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmirstd.datasets.labels import ReadOptions, convert_labels
from mmirstd.datasets.labels.classes import read_class_names
from mmirstd.datasets.labels.shapes import Box, Polygon
from mmirstd.datasets.yolo_labels import find_yolo_labels
from mmirstd.utils.errors import DataError, MissingDataError
from tests.test_datasets.test_labels.files import image, load, text
from tests.test_datasets.test_labels.strategies import HEIGHT, WIDTH


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As Ultralytics has it."""
    for split, name in (('train', 'a'), ('train', 'b'), ('val', 'c')):
        image(tmp_path / f'images/{split}/{name}.png', seed=ord(name))
    text(tmp_path / 'labels/train/a.txt', '0 0.5 0.5 0.1 0.25\n1 0.25 0.25 0.5 0.25 0.5 0.5\n')
    text(tmp_path / 'labels/train/b.txt', '')
    text(tmp_path / 'labels/val/c.txt', '1 0.5 0.5 0.1 0.25\r\n')
    text(
        tmp_path / 'data.yaml',
        'path: ../datasets/x\ntrain: images/train\nval: images/val\nnames:\n  0: drone\n  1: bird\n',
    )
    return tmp_path


def test_data_yaml(root: Path) -> None:
    for source in (root, root / 'data.yaml'):
        labels = load(source)
        assert [(i.name, i.split, len(i.annotations)) for i in labels.images] == [
            ('a.png', 'train', 2),
            ('b.png', 'train', 0),
            ('c.png', 'val', 1),
        ]
        assert labels.classes == ['drone', 'bird']
        box, outline = labels.images[0].annotations
        assert box.shape.bounds == pytest.approx((18, 9, 22, 15))
        assert isinstance(outline.shape, Polygon)
        assert outline.shape.rings[0].tolist() == [[10, 6], [20, 6], [20, 12]]


def test_a_whole_data_set_as_labels_of_images_elsewhere(root: Path) -> None:
    (root / 'images').rename(root / 'photos')
    labels = load(root, ReadOptions(images=root / 'photos'), 'yolo')
    assert [(i.name, len(i.annotations)) for i in labels.images] == [
        ('a.png', 2),
        ('b.png', 0),
        ('c.png', 1),
    ]


def test_other_layouts(tmp_path: Path) -> None:
    """Roboflow's; labelImg's; darknet's, which CVAT writes, too."""
    image(tmp_path / 'r/train/images/a.jpg')
    image(tmp_path / 'r/valid/images/a.jpg', seed=1)
    text(tmp_path / 'r/train/labels/a.txt', '0 0.5 0.5 0.1 0.25')
    text(tmp_path / 'r/data.yaml', 'train: ../train/images\nval: ../valid/images\nnc: 1\nnames: [drone]\n')
    labels = load(tmp_path / 'r')
    assert [(i.name, i.split) for i in labels.images] == [('a.jpg', 'train'), ('images/a.jpg', 'val')]
    assert any('had the name of another one' in note for note in labels.notes)

    image(tmp_path / 'l/a.png')
    text(tmp_path / 'l/a.txt', '1 0.5 0.5 0.1 0.25')
    text(tmp_path / 'l/classes.txt', 'drone\nbird\n')
    labels = load(tmp_path / 'l')
    assert [labels.classes[a.label] for a in labels.annotations()] == ['bird']

    image(tmp_path / 'd/obj_train_data/a.png')
    text(tmp_path / 'd/obj_train_data/a.txt', '0 0.5 0.5 0.1 0.25')
    text(tmp_path / 'd/obj.names', 'drone\n')
    text(tmp_path / 'd/train.txt', 'data/obj_train_data/a.png\n')
    assert load(tmp_path / 'd', name='yolo').classes == ['drone']
    labels = load(tmp_path / 'd/train.txt')
    assert [(len(i.annotations), i.name) for i in labels.images] == [(1, 'obj_train_data/a.png')]


def test_pixels_keypoints_and_float_classes(tmp_path: Path) -> None:
    image(tmp_path / 'a.png')
    text(tmp_path / 'a.txt', '0.0 20 12 4 6\n')
    with pytest.raises(DataError, match=r'a.txt, line 1: .*are they pixels \(--units pixels\)'):
        load(tmp_path)
    (annotation,) = load(tmp_path, ReadOptions(units='pixels')).annotations()
    assert annotation.shape == Box(18, 9, 22, 15)
    text(tmp_path / 'a.txt', '0 0.5 0.5 0.1 0.25 0.5 0.5 2\n')
    text(tmp_path / 'data.yaml', 'train: .\nkpt_shape: [1, 3]\nnames: [drone]\n')
    labels = load(tmp_path)
    assert isinstance(labels.images[0].annotations[0].shape, Box)
    assert any('keypoints of its targets are left out' in note for note in labels.notes)


def test_labels_without_image_and_images_without_label(root: Path) -> None:
    text(root / 'labels/train/z.txt', '0 0.5 0.5 0.1 0.25')
    (root / 'labels/train/b.txt').unlink()
    labels = load(root)
    assert any('1 images have no label file' in note for note in labels.notes)
    assert any('1 label files have no image' in note and 'z.txt' in note for note in labels.notes)


def test_what_cannot_be_read_is_named(root: Path) -> None:
    label = root / 'labels/val/c.txt'
    for line, message in (
        ('2 0.5 0.5 0.1 0.1', 'c.txt: class 2, but there are names for 2 classes only'),
        ('0 0.5 0.5 0.1', 'c.txt, line 1'),
        ('0 0.5 0.5 0.1 0.1 0.9', 'predictions have their confidence there'),
        ('drone 0.5 0.5 0.1 0.1', 'c.txt, line 1'),
        ('0 0.5 0.5 0 0.1', r'\(no area\)'),
    ):
        text(label, line)
        with pytest.raises(DataError, match=message):
            load(root)
    (root / 'data.yaml').unlink()
    text(label, '2 0.5 0.5 0.1 0.1')
    with pytest.raises(DataError, match='give the names with --names'):
        load(root)
    text(root / 'data.yaml', 'train: images/gone\nnames: [a]\n')
    with pytest.raises(MissingDataError, match='train: images/gone is neither below'):
        load(root)


def test_class_names(tmp_path: Path) -> None:
    text(tmp_path / 'a.yaml', 'names: {0: drone, 1: bird}\n')
    text(tmp_path / 'b.yaml', 'names: [drone, bird]\n')
    text(tmp_path / 'c.txt', 'drone\nbird\n', 'utf-16')
    assert all(read_class_names(tmp_path / name) == ['drone', 'bird'] for name in ('a.yaml', 'b.yaml', 'c.txt'))
    with pytest.raises(DataError, match='no class names'):
        read_class_names(text(tmp_path / 'd.yaml', 'nc: 2\n'))
    with pytest.raises(DataError, match='not valid YAML'):
        read_class_names(text(tmp_path / 'e.yaml', 'names: [\n'))


def test_labels_lie_where_the_rule_looks(tmp_path: Path) -> None:
    """The last images/ of a path is the one that is replaced by labels/."""
    names = ['seq1/images/0001.png', 'seq2/images/0001.png', 'seq2/0001.png', 'images/b.png', 'a.png']
    entries = [dict(id=k, file_name=name, width=WIDTH, height=HEIGHT) for k, name in enumerate(names)]
    targets = [dict(id=k, image_id=k, category_id=1, bbox=[3 + k, 3, 4, 4]) for k in range(len(names))]
    content = dict(images=entries, annotations=targets, categories=[dict(id=1, name='t')])
    for k, name in enumerate(names):
        image(tmp_path / 'in' / name, seed=k)
    text(tmp_path / 'in/instances.json', json.dumps(content))
    _, notes = convert_labels([tmp_path / 'in'], 'yolo', tmp_path / 'out')
    found = {i.name: [a.shape.bounds[0] for a in i.annotations] for i in load(tmp_path / 'out').images}
    assert found == {
        'a.png': [pytest.approx(7)],
        'b.png': [pytest.approx(6)],
        'seq1/0001.png': [pytest.approx(3)],
        'seq2/0001.png': [pytest.approx(5)],
        'seq2/images_2/0001.png': [pytest.approx(4)],
    }
    for name in found:
        assert find_yolo_labels(tmp_path / 'out/images' / name) == str(tmp_path / f'out/labels/{name[:-4]}.txt')
    assert any(note.startswith('2 images are in another folder') for note in notes)


def test_labels_by_number_are_those_of_one_image(tmp_path: Path) -> None:
    """Frames of a video and their labels may differ in all of their names but the number."""
    box = '0 0.5 0.5 0.1 0.25\n'

    def found(images: list[str], labels: list[str]) -> tuple[dict[str, int], list[str]]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for name in images:
            image(folder / f'frames/{name}.png', seed=len(name))
        for name in labels:
            text(folder / f'labels/{name}.txt', box)
        read = load(folder / 'labels', ReadOptions(images=folder / 'frames', by_number=True))
        return {i.stem: len(i.annotations) for i in read.images}, [n for n in read.notes if 'does not tell' in n]

    assert found(['s/0001', '0002'], ['s/flight_1', 'flight_2']) == ({'s/0001': 1, '0002': 1}, [])
    assert found(['cam_5.0001'], ['cam_7.1', 'cam_7.5']) == ({'cam_5.0001': 1}, [])  # a dot begins no suffix here
    # names without a number have none in common
    assert found(['left', 'right'], ['left', 'up']) == ({'left': 1, 'right': 0}, [])
    # two label files, or two images, of one number
    targets, notes = found(['0001', '0002'], ['day_1', 'night_1', 'day_2'])
    assert targets == {'0001': 0, '0002': 1}
    assert '0001.png (day_1.txt, night_1.txt)' in notes[0]
    targets, notes = found(['day_1', 'night_1'], ['day_1'])
    assert targets == {'day_1': 1, 'night_1': 0}
    assert 'night_1.png (day_1.txt)' in notes[0]


@pytest.mark.parametrize('content', ['[' * 10_000, '1' * 5000])
def test_a_damaged_yaml_is_named(tmp_path: Path, content: str) -> None:
    path = text(tmp_path / 'data.yaml', content)
    with pytest.raises(DataError, match=r'data\.yaml: not valid YAML'):
        load(path)
