from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmirstd.datasets.split_file import check_holdout, hold_out, read_split, read_split_entries
from mmirstd.utils.errors import DataError, MissingDataError


def test_tolerates_what_split_files_hold(tmp_path):
    path = tmp_path / 'train.txt'
    path.write_bytes(b'\xef\xbb\xbfMisc_1\r\n\r\n  Misc_2.png \r\nframe.001\n\nseq/0004.BMP\n   \n')
    assert read_split(path) == ['Misc_1', 'Misc_2', 'frame.001', 'seq/0004']


@pytest.mark.parametrize('content', ['', '\n \r\n\n'])
def test_empty_split(tmp_path, content):
    path = tmp_path / 'train.txt'
    path.write_text(content)
    with pytest.raises(DataError, match='train.txt: the split file is empty; expected one sample ID per line'):
        read_split(path)


def test_duplicates_name_their_lines(tmp_path):
    path = tmp_path / 'train.txt'
    path.write_text('a\nb\n\na.png\nb\n')
    with pytest.raises(DataError, match=r'2 sample ID.*a \(lines 1 and 4\), b \(lines 2 and 5\).*remove'):
        read_split(path)


def test_missing_file_lists_similar_ones(tmp_path):
    (tmp_path / 'train_NUAA-SIRST.txt').write_text('a')
    (tmp_path / 'notes.txt').write_text('a')
    with pytest.raises(MissingDataError, match=r'trian_NUAA-SIRST.txt: no such split.*: train_NUAA-SIRST.txt$'):
        read_split(tmp_path / 'trian_NUAA-SIRST.txt')
    with pytest.raises(MissingDataError, match=r'holds: notes.txt, train_NUAA-SIRST.txt'):
        read_split(tmp_path / 'zzz')
    with pytest.raises(FileNotFoundError, match=r"folder does not exist.*\['notes.txt', 'train_NUAA-SIRST.txt'\]"):
        read_split(tmp_path / 'img_idx' / 'train.txt')


def test_binary_file_is_no_split(tmp_path):
    path = tmp_path / 'train.txt'
    path.write_bytes(b'\x89PNG\xff\xfe')
    with pytest.raises(DataError, match='not a text file'):
        read_split(path)


ids = st.lists(st.text('abcdef0123456789_', min_size=1, max_size=6), min_size=2, max_size=40, unique=True)


@settings(max_examples=60, deadline=None)
@given(ids=ids, seed=st.integers(0, 5), data=st.data())
def test_hold_out_is_a_partition_whatever_the_order(ids, seed, data):
    num = data.draw(st.integers(1, len(ids) - 1))
    train, val = (hold_out(ids, part, num=num, seed=seed) for part in ('train', 'val'))
    assert len(val) == num
    assert sorted(train + val) == sorted(ids)
    assert train == [name for name in ids if name in set(train)]  # the file's order is kept
    shuffled = data.draw(st.permutations(ids))
    assert set(hold_out(shuffled, 'val', num=num, seed=seed)) == set(val)


def test_hold_out_is_fixed_for_ever():
    """These IDs must never change: published figures depend on them."""
    names = [f'Misc_{i}' for i in range(1, 21)]
    assert hold_out(names, 'val', num=4, seed=0) == hold_out(names, 'val', fraction=0.2, seed=0) == FIXED
    assert hold_out(names, 'val', num=4, seed=1) != FIXED


FIXED = ['Misc_1', 'Misc_9', 'Misc_18', 'Misc_19']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(part='test', num=1), "expected 'train' or 'val'"),
        (dict(part='val'), 'exactly one of num and fraction'),
        (dict(part='val', num=1, fraction=0.1), 'exactly one of num and fraction'),
        (dict(part='val', num=3), 'takes 3 of 3, .*num=N with N from 1 to 2'),
        (dict(part='val', num=0), 'expected a whole number'),
        (dict(part='val', num='3'), 'expected a whole number'),
        (dict(part='val', fraction='0.1'), 'between 0 and 1'),
        (dict(part='val', fraction=1.5), 'between 0 and 1'),
    ],
)
def test_hold_out_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        hold_out(['a', 'b', 'c'], **arguments)


@pytest.mark.parametrize(
    ('line', 'image', 'mask'),
    [
        ('images/a.png masks/a.png', 'images/a', 'masks/a'),
        ('images/a.png,masks/a_pixels0.PNG', 'images/a', 'masks/a_pixels0'),
        ('a.png\ta_mask.bmp', 'a', 'a_mask'),
        ('images/a ; masks/a', 'images/a', 'masks/a'),
        ('images\\\\a.png masks\\\\a.png', 'images//a', 'masks//a'),
        ('./images/my image.png', 'images/my image', None),
        ('my image 2', 'my image 2', None),
        ('frame.001', 'frame.001', None),
    ],
)
def test_columns(tmp_path, line, image, mask):
    path = tmp_path / 'train.txt'
    path.write_text(line)
    (entry,) = read_split_entries(path)
    assert (entry.image, entry.mask, entry.line) == (image, mask, 1)


def test_utf16(tmp_path):
    path = tmp_path / 'train.txt'
    path.write_text('Misc_70\r\nMisc_214\r\n', encoding='utf-16')
    assert read_split(path) == ['Misc_70', 'Misc_214']


@pytest.mark.parametrize(
    ('holdout', 'message'),
    [(dict(num=3), "part is None; expected 'train' or 'val'"), (dict(part='val', share=0.1), 'unknown entry share')],
)
def test_arguments_are_checked_without_ids(holdout, message):
    with pytest.raises(ValueError, match=message):
        check_holdout(holdout)


def test_a_hold_out_of_everything_names_its_source():
    with pytest.raises(DataError, match='trainval.txt: the hold-out takes 34 of 8.*from 1 to 7.*holdout=None'):
        hold_out(list('abcdefgh'), 'train', num=34, source='trainval.txt')
    with pytest.raises(DataError, match='one alone cannot be split'):
        hold_out(['a'], 'val', fraction=0.5)
