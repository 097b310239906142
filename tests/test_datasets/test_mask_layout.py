"""Layouts in which public data sets are shipped: tiny fakes with the same folders and names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmirstd.datasets.mask_layout import list_folders, lists_in, mask_parts, sequence_parts, split_of
from tests.test_datasets.helpers import write


def _images(root: Path, *names: str) -> None:
    for name in names:
        write(root / name, np.zeros((4, 6), np.uint8))


def _found(root: Path) -> list[tuple[str | None, str, str | None]]:
    return [
        (part.split, part.images.relative_to(root).as_posix(), part.masks and part.masks.relative_to(root).as_posix())
        for part in mask_parts(root)
    ]


@pytest.mark.parametrize(
    ('files', 'parts'),
    [
        (('images/a.png', 'masks/a_pixels0.png'), [(None, 'images', 'masks')]),
        (('Images/a.png', 'Masks/a.png'), [(None, 'Images', 'Masks')]),
        (('IRSTD1k_Img/XDU0.png', 'IRSTD1k_Label/XDU0.png'), [(None, 'IRSTD1k_Img', 'IRSTD1k_Label')]),
        (('mixed/a.png', 'annotations/masks/a_pixels0.png'), [(None, 'mixed', 'annotations/masks')]),
        (('PNGImages/a.png', 'SIRST/BinaryMask/a_pixels0.png'), [(None, 'PNGImages', 'SIRST/BinaryMask')]),
        (
            ('trainval/images/0.png', 'trainval/masks/0.png', 'test/images/1.png'),
            [('test', 'test/images', None), ('trainval', 'trainval/images', 'trainval/masks')],
        ),
        (
            ('images/test/1.png', 'images/train/0.png', 'masks/test/1.png', 'masks/train/0.png'),
            [('test', 'images/test', 'masks/test'), ('train', 'images/train', 'masks/train')],
        ),
        (('images/001/1.png', 'masks/001/1.png'), [(None, 'images', 'masks')]),
        (('a/images/1.png', 'a/masks/1.png'), []),
    ],
)
def test_folders_of_images_and_masks(
    tmp_path: Path, files: tuple[str, ...], parts: list[tuple[str | None, str, str | None]]
) -> None:
    _images(tmp_path, *files)
    assert _found(tmp_path) == parts


def test_sequences_with_folders_of_their_own(tmp_path: Path) -> None:
    _images(tmp_path / 'a', *(f'Sequence{number}/{kind}/1.png' for number in (10, 2) for kind in ('images', 'masks')))
    assert [(part.sequence, part.split) for part in sequence_parts(tmp_path / 'a')] == [
        ('Sequence2', None),
        ('Sequence10', None),
    ]
    _images(tmp_path / 'b', 'train/000001/img/1.png', 'train/000001/mask/1.png', 'val/000002/img/1.png')
    found = [(part.sequence, part.split, part.masks and part.masks.name) for part in sequence_parts(tmp_path / 'b')]
    assert found == [('train/000001', 'train', 'mask'), ('val/000002', 'val', None)]


def test_a_folder_with_lists_is_a_data_set_and_no_sequence(tmp_path: Path) -> None:
    _images(tmp_path, 'NUAA/images/a.png', 'NUAA/masks/a.png')
    assert len(sequence_parts(tmp_path)) == 1
    (tmp_path / 'NUAA/idx_427').mkdir()
    (tmp_path / 'NUAA/idx_427/test.txt').write_text('a')
    assert sequence_parts(tmp_path) == []


def test_lists_are_beside_the_images(tmp_path: Path) -> None:
    _images(tmp_path, 'images/a.png', 'masks/a.png')
    for name in ('50_50', 'img_idx', 'labels'):
        (tmp_path / name).mkdir()
    assert list_folders(tmp_path) == [tmp_path / 'img_idx', tmp_path, tmp_path / '50_50']


def test_the_split_that_folders_tell() -> None:
    assert split_of(('DUT', 'Valid', 'img')) == 'val'
    assert split_of(('trainval',)) == 'train'
    assert split_of(('training_day',)) is None


def test_a_sequence_may_be_called_test(tmp_path: Path) -> None:
    _images(tmp_path, *(f'{name}/{kind}/1.png' for name in ('field', 'sea', 'test') for kind in ('images', 'masks')))
    assert mask_parts(tmp_path) == []
    assert [(part.sequence, part.split) for part in sequence_parts(tmp_path)] == [
        ('field', None),
        ('sea', None),
        ('test', None),
    ]


def test_images_that_are_no_part_of_the_data_set_leave_splits_as_they_are(tmp_path: Path) -> None:
    _images(tmp_path / 'a', 'train/images/1.png', 'train/masks/1.png', 'docs/images/logo.png')
    assert [part[0] for part in _found(tmp_path / 'a')] == ['train']
    _images(tmp_path / 'b', 'train/s/images/1.png', 'train/s/masks/1.png', 'docs/images/logo.png')
    assert [part.sequence for part in sequence_parts(tmp_path / 'b')] == ['train/s']


def test_images_beside_a_folder_of_a_split_are_not_lost(tmp_path: Path) -> None:
    _images(tmp_path, 'images/1.png', 'images/test/2.png', 'masks/1.png', 'masks/test/2.png')
    assert _found(tmp_path) == [(None, 'images', 'masks')]


def test_an_empty_folder_beside_those_of_splits(tmp_path: Path) -> None:
    _images(tmp_path, 'images/train/1.png', 'masks/train/1.png')
    (tmp_path / 'images/cache').mkdir()
    assert _found(tmp_path) == [('train', 'images/train', 'masks/train')]


def test_a_text_file_that_names_no_image_is_no_list(tmp_path: Path) -> None:
    _images(tmp_path, 'a/images/1.png', 'a/masks/1.png', 'b/images/1.png', 'b/masks/1.png')
    (tmp_path / 'a/interval.txt').write_text('10 s')
    (tmp_path / 'test.txt').symlink_to(tmp_path / 'gone.txt')
    assert len(sequence_parts(tmp_path)) == 2
    assert lists_in(tmp_path) == []


@pytest.mark.parametrize('layout', ['{sequence}/{frame}.png', '{sequence}/images/{frame}.png', '{frame}.png'])
def test_images_are_not_asked_one_by_one_whether_they_are_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    asked = []
    status = os.stat

    def counted(path: Any, *args: Any, **options: Any) -> os.stat_result:
        asked.append(path)
        return status(path, *args, **options)

    counts = []
    for frames in (3, 12):
        root = tmp_path / str(frames)
        _images(root, *(layout.format(sequence=sequence, frame=frame) for sequence in 'abc' for frame in range(frames)))
        asked.clear()
        with monkeypatch.context() as patched:
            patched.setattr(os, 'stat', counted)
            mask_parts(root)
            sequence_parts(root)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_links_to_folders_are_folders_and_links_in_a_circle_are_none(tmp_path: Path) -> None:
    _images(tmp_path, 'elsewhere/one.png', 'root/masks/one.png')
    (tmp_path / 'root/images').symlink_to(tmp_path / 'elsewhere', target_is_directory=True)
    (tmp_path / 'root/img').symlink_to(tmp_path / 'root/img')
    assert _found(tmp_path / 'root') == [(None, 'images', 'masks')]
