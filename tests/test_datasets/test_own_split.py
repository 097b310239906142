from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmirstd.datasets.own_split import sequence_of, split_images
from mmirstd.utils.errors import DataError


@pytest.mark.parametrize(
    ('path', 'sequence'),
    [
        ('flight3/0001.png', 'flight3'),
        ('day/flight3/frame_12.png', 'day/flight3'),
        ('flight3_0001.png', 'flight3'),
        ('sky-frame12.tif', 'sky'),
        ('0001.png', ''),
        ('Misc_7.png', 'Misc'),
        ('harbor.png', 'harbor'),
    ],
)
def test_sequence_of(path, sequence):
    assert sequence_of(path) == sequence


@given(
    st.integers(5, 200),
    st.floats(0.05, 0.4),
    st.floats(0.05, 0.4),
    st.integers(0, 5),
)
def test_image_by_image_gives_the_shares_and_loses_nothing(count, val, test, seed):
    images = [f'{k:04d}.png' for k in range(count)]
    parts = split_images(images, val=val, test=test, seed=seed)
    assert sorted(parts.train + parts.val + parts.test) == images
    assert len(parts.test) == max(1, round(count * test))
    assert len(parts.val) == max(1, round(count * val))
    assert parts.train
    assert parts == split_images(images, val=val, test=test, seed=seed)


@given(st.lists(st.integers(3, 30), min_size=3, max_size=12), st.integers(0, 5))
def test_no_sequence_is_in_two_parts(lengths, seed):
    images = [f's{s}/{k:03d}.png' for s, length in enumerate(lengths) for k in range(length)]
    parts = split_images(images, seed=seed)
    assert 'by sequence' in parts.rule
    assert sorted(parts.train + parts.val + parts.test) == sorted(images)
    groups = [{sequence_of(image) for image in part} for part in (parts.train, parts.val, parts.test)]
    assert all(groups)
    assert sum(map(len, groups)) == len(lengths)


def test_names_without_sequences_are_parted_image_by_image():
    assert 'image by image' in split_images([f'Misc_{k}.png' for k in range(20)]).rule
    assert 'image by image' in split_images([f'{name}.png' for name in 'abcdefgh']).rule


def test_another_seed_parts_otherwise():
    images = [f'{k}.png' for k in range(40)]
    assert split_images(images, seed=0).test != split_images(images, seed=1).test


def test_too_few():
    with pytest.raises(DataError, match='4 image.*at least 5(?s:.*)cure: label more'):
        split_images(list('abcd'))
    with pytest.raises(DataError, match="1 sequence.*: 'Misc'"):
        split_images([f'Misc_{k}.png' for k in range(20)], by='sequence')
    with pytest.raises(ValueError, match='leave some to train on'):
        split_images([f'{k}' for k in range(9)], val=0.5, test=0.5)


def test_by_time_cuts_each_sequence():
    frames = {f'{name}/{number:03d}.png': name for name in 'ab' for number in range(20)}
    parts = split_images(list(frames), val=0.2, test=0.2, sequences=frames)
    assert 'by time within 2 sequence(s)' in parts.rule
    for name in 'ab':
        numbers = [
            [int(image[2:5]) for image in part if image[0] == name] for part in (parts.train, parts.val, parts.test)
        ]
        assert numbers == [list(range(12)), list(range(12, 16)), list(range(16, 20))]


def test_too_few_frames_to_cut():
    frames = {f'a/{number}.png': 'a' for number in range(5)}
    with pytest.raises(DataError, match='cannot be cut into three parts'):
        split_images(list(frames), 'time', val=0.05, test=0.05, sequences=frames)


def test_given_sequences_go_before_names():
    frames = {f'{number}.png': 'xyz'[number % 3] for number in range(12)}
    parts = split_images(list(frames), sequences=frames)
    assert {frames[image] for image in parts.train}.isdisjoint(frames[image] for image in parts.test)
    assert len(parts.train) == len(parts.val) == len(parts.test) == 4
