from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.datasets.labels import LabelSet, ReadOptions
from mmirstd.datasets.labels.shapes import Box
from mmirstd.utils.errors import DataError, MissingDataError
from tests.test_datasets.test_labels.files import image, load, text


def _frames(folder: Path, *names: str) -> None:
    for seed, name in enumerate(names):
        image(folder / name, seed=seed)


def _targets(labels: LabelSet) -> list[tuple[str, list[object]]]:
    return [(i.name, [a.shape for a in i.annotations]) for i in labels.images]


def test_the_layout_of_motchallenge(tmp_path: Path) -> None:
    home = tmp_path / 'train/MOT-01'
    _frames(home / 'img1', '000001.jpg', '000002.jpg', '000010.jpg')
    text(home / 'gt/gt.txt', '1,7,3,4,5,6,1,1,1\n10,7,4,5,5,6,0,2,1\n')
    text(home / 'det/det.txt', '2,-1,1,1,2,2,0.9\n')
    text(home / 'seqinfo.ini', '[Sequence]\n')
    labels = load(tmp_path)
    assert _targets(labels) == [
        ('MOT-01/000001.jpg', [Box(3, 4, 8, 10)]),
        ('MOT-01/000002.jpg', []),
        ('MOT-01/000010.jpg', [Box(4, 5, 9, 11)]),
    ]
    assert {(i.split, i.video) for i in labels.images} == {('train', 'train/MOT-01')}
    assert [(a.track_id, a.ignore, labels.classes[a.label]) for a in labels.annotations()] == [
        (7, False, 'target'),
        (7, True, 'class 2'),
    ]
    assert 'as CVAT and DarkLabel write them' in labels.notes[1]
    first = load(tmp_path, ReadOptions(corners='voc')).images[0]
    assert first.annotations[0].shape == Box(2, 3, 7, 9)


def test_frames_of_cvat_count_from_0_and_lines_from_1(tmp_path: Path) -> None:
    _frames(tmp_path / 'img1', 'frame_000000.PNG', 'frame_000001.PNG')
    text(tmp_path / 'gt/gt.txt', '2,1,3,4,5,6,1,2,1\n')
    text(tmp_path / 'gt/labels.txt', 'bird\ndrone\n')
    labels = load(tmp_path)
    assert [len(i.annotations) for i in labels.images] == [0, 1]
    assert labels.classes == ['drone']


@pytest.mark.parametrize('first', [0, 1])
def test_a_file_that_counts_from_0(tmp_path: Path, first: int) -> None:
    _frames(tmp_path / 'frames/a', f'{first:04d}.png', f'{first + 1:04d}.png')
    text(tmp_path / 'labels/a.txt', '0,1,3,4,5,6\n')
    labels = load(tmp_path / 'labels', ReadOptions(images=tmp_path / 'frames'))
    assert [len(i.annotations) for i in labels.images] == [1, 0]


def test_frames_of_a_longer_video_have_its_numbers(tmp_path: Path) -> None:
    _frames(tmp_path / 'img1', '000150.jpg', '000151.jpg')
    text(tmp_path / 'gt/gt.txt', '151,1,3,4,5,6,1,-1,-1,-1\n')
    assert [len(i.annotations) for i in load(tmp_path).images] == [0, 1]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    _frames(tmp_path / 'img1', '000001.jpg', '000002.jpg')
    text(tmp_path / 'gt/gt.txt', '1,1,3,4,5,6,1,1,1\n3,1,3,4,5,6,1,1,1\n')
    with pytest.raises(MissingDataError, match='1 labeled frames have no image among the 2 of') as caught:
        load(tmp_path)
    assert 'frame 3' in str(caught.value)
    text(tmp_path / 'gt/gt.txt', '1,1,3,4,5,6,1,1,1\n2,1,3,4\n')
    with pytest.raises(DataError, match=r"gt\.txt, line 2: '2,1,3,4'; expected frame,id,left"):
        load(tmp_path)
    text(tmp_path / 'gt/gt.txt', '1,1,3,4,5,6,1,1,1\n')
    _frames(tmp_path / 'img1', 'other_1.jpg')
    with pytest.raises(DataError, match='several with the same number'):
        load(tmp_path)
    with pytest.raises(MissingDataError, match='no frames of this sequence') as caught:
        load(tmp_path / 'gt/gt.txt', ReadOptions(images=tmp_path / 'nothing'))
    assert '--images' in str(caught.value)
