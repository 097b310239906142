from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.datasets.labels import ConvertOptions, ReadOptions, convert_labels
from mmirstd.datasets.labels.classes import read_yaml
from mmirstd.datasets.labels.shapes import Mask
from mmirstd.utils.errors import DataError, MissingDataError
from tests.test_datasets.helpers import make_root, scene, write
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


def _pair(root: Path, image_name: str, mask_name: str, seed: int = 0) -> None:
    pixels, mask = scene(seed)
    write(root / image_name, pixels)
    write(root / mask_name, mask)


def _names(root: Path) -> list[tuple[str, str | None, int]]:
    return [(image.name, image.split, len(image.annotations)) for image in load(root).images]


def test_folders_tell_the_split(tmp_path: Path) -> None:
    """SIRST-Aug has ``trainval/images``, IRDST ``images/train``."""
    for seed, split in enumerate(('test', 'trainval')):
        _pair(tmp_path / 'aug', f'{split}/images/000000.png', f'{split}/masks/000000.png', seed)
        _pair(tmp_path / 'real', f'images/{split}/{seed}.png', f'masks/{split}/{seed}.png', seed)
    assert _names(tmp_path / 'aug') == [('000000.png', 'test', 1), ('images/000000.png', 'train', 1)]
    assert _names(tmp_path / 'real') == [('0.png', 'test', 1), ('1.png', 'train', 1)]
    (tmp_path / 'aug/test/masks/000000.png').unlink()
    with pytest.raises(MissingDataError, match=r'test/images: there are no masks of these images'):
        load(tmp_path / 'aug')


def test_lists_in_a_folder_of_any_name(tmp_path: Path) -> None:
    """DNANet has ``50_50/train.txt``, NUAA-SIRST's authors ``idx_427/trainval.txt``."""
    root = make_root(tmp_path, ['a', 'b', 'c'], mask_stem='_pixels0', split='50_50/train.txt')
    text(root / '50_50/train.txt', 'a\r\nb\r\n')
    text(root / '50_50/test.txt', 'c')
    assert _splits(root) == [('c', 'test'), ('a', 'train'), ('b', 'train')]
    assert any(note == f'the lists are those in {root / "50_50"}' for note in load(root).notes)
    text(root / 'idx_427/test.txt', 'a')
    labels = load(root)
    assert {image.split for image in labels.images} == {None}
    assert any('50_50 and ' in note and 'none is taken' in note for note in labels.notes)
    text(root / 'test.txt', 'b')  # what lies in the folder itself comes first
    assert _splits(root) == [('b', 'test')]


def test_sequences_around_which_the_folders_are(tmp_path: Path) -> None:
    """IRSatVideo-LEO lists sequences, IRDST of DTUM their frames."""
    for seed, name in enumerate(('001', '002')):
        _pair(tmp_path, f'images/{name}/0001.png', f'masks/{name}/0001.png', seed)
    text(tmp_path / 'video_idx/train_LEO.txt', '001\n')
    text(tmp_path / 'video_idx/test_LEO.txt', '002/0001\n')
    text(tmp_path / 'img_idx/001.txt', '0001\n')
    assert _names(tmp_path) == [('002/0001.png', 'test', 1), ('001/0001.png', 'train', 1)]


def test_sequences_with_folders_of_their_own(tmp_path: Path) -> None:
    """As NUDT-MIRSDT is shipped, with paths of another machine in a list."""
    for seed, number in enumerate((1, 2, 10)):
        for frame in (1, 2):
            name = f'Sequence{number}'
            _pair(tmp_path, f'{name}/images/{frame:05d}.png', f'{name}/masks/{frame:05d}.png', 2 * seed + frame)
    text(tmp_path / 'train.txt', 'Sequence1/Mix/00001.mat\nSequence2\n')
    text(tmp_path / 'test.txt', 'D:\\MIRSDT\\Sequence10\\images\\00002.png\n')
    labels = load(tmp_path)
    assert [(image.name, image.split, image.video) for image in labels.images] == [
        ('Sequence10/00002.png', 'test', 'Sequence10'),
        ('Sequence1/00001.png', 'train', 'Sequence1'),
        ('Sequence2/00001.png', 'train', 'Sequence2'),
        ('Sequence2/00002.png', 'train', 'Sequence2'),
    ]
    assert any('2 images are in no list and left out' in note for note in labels.notes)
    text(tmp_path / 'test.txt', 'Sequence10/Mix/00009.mat\n')
    with pytest.raises(
        MissingDataError, match=r"test\.txt, line 1: there is no sequence or frame 'Sequence10/Mix/00009"
    ):
        load(tmp_path)


def test_a_sequence_that_is_called_as_a_split_leaves_no_other_out(tmp_path: Path) -> None:
    for seed, name in enumerate(('field', 'test')):
        _pair(tmp_path, f'{name}/images/{seed}.png', f'{name}/masks/{seed}.png', seed)
    labels = load(tmp_path)
    assert [(image.video, image.split) for image in labels.images] == [('field', None), ('test', None)]
    assert 'test beside the other sequences are taken for sequences, not for splits' in labels.notes


def test_images_without_a_split_beside_others_are_said(tmp_path: Path) -> None:
    _pair(tmp_path, 'images/1.png', 'masks/1.png')
    _pair(tmp_path, 'images/test/2.png', 'masks/test/2.png', 1)
    assert _splits(tmp_path) == [('1', None), ('2', 'test')]
    assert '1 images are in no split, the first is 1.png; others are in test' in load(tmp_path).notes


def test_the_log_of_a_training_is_no_list(tmp_path: Path) -> None:
    root = make_root(tmp_path / 'images', ['a', 'b'], split='logs/train.txt')
    sequences = tmp_path / 'sequences'
    for seed, name in enumerate('ab'):
        _pair(sequences, f'{name}/images/{seed}.png', f'{name}/masks/{seed}.png', seed)
    for place in (root, sequences):
        text(place / 'logs/train.txt', 'epoch 1\n')
        labels = load(place)
        assert [image.split for image in labels.images] == [None, None]
        assert any(f'not taken for lists:\n  {place}/logs/train.txt' in note for note in labels.notes)


def test_an_image_of_two_lists_is_said(tmp_path: Path) -> None:
    root = make_root(tmp_path, ['a', 'b'], split='img_idx/train.txt')
    text(root / 'test.txt', 'b\n')  # another protocol's
    assert '1 images are in several lists, the first is b.png' in load(root).notes
