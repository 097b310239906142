from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.datasets.labels import ConvertOptions, ReadOptions, convert_labels
from mmirstd.datasets.labels.classes import read_yaml
from mmirstd.datasets.labels.shapes import Mask
from mmirstd.utils.errors import DataError, MissingDataError
from tests.test_datasets.helpers import make_root, write
from tests.test_datasets.test_labels.files import load, text


def _splits(root: Path) -> list[tuple[str, str | None]]:
    return [(image.stem, image.split) for image in load(root).images]


def test_each_8_connected_part_is_a_target(tmp_path: Path) -> None:
    mask = np.zeros((12, 20), np.uint8)
    mask[2, 3] = mask[3, 4] = 255  # they touch at a corner
    mask[2:4, 10:12] = 255
    write(tmp_path / 'images/a.png', np.zeros((12, 20), np.uint16))
    write(tmp_path / 'masks/a.png', mask)
    first, second = (annotation.shape for annotation in load(tmp_path).annotations())
    assert isinstance(first, Mask)
    assert first.pixels.tolist() == [[True, False], [False, True]]
    assert second.bounds == (10, 2, 12, 4)


def test_lists(tmp_path: Path) -> None:
    root = make_root(tmp_path, ['a', 'b', 'c'], split='img_idx/idx_trainval.txt')
    text(root / 'img_idx/idx_trainval.txt', 'images\\a.png\nb\n', 'utf-16')
    text(root / 'img_idx/idx_test.txt', 'c\n')
    assert _splits(root) == [('c', 'test'), ('a', 'train'), ('b', 'train')]
    text(root / 'img_idx/other_test.txt', 'a\n')
    labels = load(root)
    assert {image.split for image in labels.images} == {None}
    assert any('are both lists for test: none is taken' in note for note in labels.notes)
    text(root / 'img_idx/test.txt', 'c\n')
    text(root / 'img_idx/train.txt', 'a\n')
    assert _splits(root) == [('c', 'test'), ('a', 'train')]
    assert any('1 images are in no list and left out, the first is b.png' in note for note in load(root).notes)


def test_yolo_gets_a_validation_split(tmp_path: Path) -> None:
    root = make_root(tmp_path / 'in', ['a', 'b'], split='img_idx/train.txt')
    _, notes = convert_labels([root], 'yolo', tmp_path / 'one')
    content = read_yaml(tmp_path / 'one/data.yaml')
    assert (content['train'], content['val']) == ('images/train', 'images/train')
    assert any('there is no validation split' in note for note in notes)
    (root / 'img_idx/train.txt').unlink()
    convert_labels([root], 'yolo', tmp_path / 'two')
    content = read_yaml(tmp_path / 'two/data.yaml')
    assert (content['train'], content['val']) == ('images', 'images')
    labels = load(tmp_path / 'two')
    assert [image.name for image in labels.images] == ['a.png', 'b.png']
    assert any('val is the same as another split' in note for note in labels.notes)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    root = make_root(tmp_path, ['a', 'b'])
    write(root / 'masks/a.png', np.full((40, 56), 255, np.uint8))
    with pytest.raises(DataError, match='masks/a.png: every pixel has the value 255'):
        load(root)
    labels = load(root, ReadOptions(mask_rule='nonzero'))
    assert labels.images[0].annotations[0].shape.bounds == (0, 0, 56, 40)
    (root / 'masks/a.png').unlink()
    with pytest.raises(MissingDataError, match='1 images have no mask'):
        load(root)


def test_targets_that_touch_are_said(tmp_path: Path) -> None:
    image = write(tmp_path / 'in/a.png', np.zeros((12, 20), np.uint16))
    text(tmp_path / 'in/a.txt', '1 0.2 0.5 0.1 0.5\n0 0.3 0.5 0.1 0.5\n')
    text(tmp_path / 'in/classes.txt', 'drone\nbird\n')
    _, notes = convert_labels([tmp_path / 'in'], 'masks', tmp_path / 'out', ConvertOptions(fill='box'))
    assert '1 targets touch another one and are one with it in the mask' in notes
    assert 'masks know one class: drone, bird all became target' in notes
    assert (tmp_path / 'out/images/a.png').read_bytes() == image.read_bytes()


def test_a_folder_of_masks_alone_names_the_folder_above(tmp_path: Path) -> None:
    write(tmp_path / 'mine/masks/a.png', np.zeros((8, 8), np.uint8))
    with pytest.raises(DataError, match=f'is a folder of images(?s:.*)cure: of masks, .*{tmp_path / "mine"} may do'):
        load(tmp_path / 'mine/masks')
