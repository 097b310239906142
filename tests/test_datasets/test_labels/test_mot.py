from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from mmirstd.datasets.labels import LabelSet, ReadOptions, mot
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


def _sequence(home: Path, lines: str, first: int = 1, encoding: str = 'utf-8') -> None:
    for number in range(first, first + 4):
        image(home / f'img1/{number:06d}.png', seed=sum(home.name.encode()) + number)
    text(home / 'gt/gt.txt', lines, encoding)


def _places(labels: LabelSet) -> dict[str, list[int]]:
    """Sequence -> frames with targets."""
    places: dict[str, list[int]] = {}
    for i in labels.images:
        assert i.frame is not None
        places.setdefault(str(i.video), []).extend([i.frame] * bool(i.annotations))
    return places


def test_a_sequence_without_target_in_its_first_frame_counts_as_the_others(tmp_path: Path) -> None:
    _sequence(tmp_path / 'a', '0,1,3,4,5,6\n2,1,3,4,5,6\n', first=0)
    _sequence(tmp_path / 'b', '2,1,3,4,5,6\n', first=0)
    labels = load(tmp_path)
    assert _places(labels) == {'a': [0, 2], 'b': [2]}
    assert f'frames count from 0, since {tmp_path}/a/gt/gt.txt has a frame 0' in labels.notes[1]


@pytest.mark.parametrize(
    ('content', 'encoding', 'frames'),
    [
        ('', 'utf-8', []),
        ('2,1,3,4,5,6\n', 'utf-8-sig', [1]),
        ('2,1,3,4,5,6\n', 'utf-16', [1]),
        ('\n\n2,1,3,4,5,6\n', 'utf-8', [1]),
    ],
)
def test_no_sequence_is_left_out(tmp_path: Path, content: str, encoding: str, frames: list[int]) -> None:
    _sequence(tmp_path / 'a', '1,1,3,4,5,6\n')
    _sequence(tmp_path / 'b', content, encoding=encoding)
    assert _places(load(tmp_path)) == {'a': [0], 'b': frames}


def test_an_empty_file_of_a_sequence_beside_others(tmp_path: Path) -> None:
    for seed, name in enumerate('ab'):
        image(tmp_path / name / '1.png', seed=seed)
    text(tmp_path / 'a.txt', '1,1,3,4,5,6\n')
    text(tmp_path / 'b.txt', '')
    text(tmp_path / 'README.txt', '')
    assert _places(load(tmp_path)) == {'a': [0], 'b': []}


@pytest.mark.parametrize(
    'line',
    [
        'frame,id,left,top,width,height',
        '1;1;3;4;5;6',
        '1 1 3 4 5 6',
        '1\t1\t3\t4\t5\t6',
        '2.5,1,3,4,5,6',
        '1,1,nan,4,5,6',
    ],
)
@pytest.mark.parametrize('other', [True, False])
def test_a_line_of_another_kind_is_named(tmp_path: Path, line: str, other: bool) -> None:
    if other:
        _sequence(tmp_path / 'a', '1,1,3,4,5,6\n')
    _sequence(tmp_path / 'b', f'{line}\n')
    with pytest.raises(
        DataError, match=r'b/gt/gt\.txt, line 1: .*; expected frame,id,left.*numbers with commas between'
    ):
        load(tmp_path)


def test_a_class_0_is_none_of_the_names(tmp_path: Path) -> None:
    _sequence(tmp_path, '1,1,3,4,5,6,1,0\n2,1,3,4,5,6,1,1\n')
    labels = load(tmp_path)
    assert [labels.classes[a.label] for a in labels.annotations()] == ['class 0', 'target']
    text(tmp_path / 'gt/labels.txt', 'bird\ndrone\n')
    with pytest.raises(DataError, match=r'target 1: found the class 0, and the names bird, drone'):
        load(tmp_path)


def test_a_sequence_may_be_called_test(tmp_path: Path) -> None:
    for name in ('train', 'test'):
        _sequence(tmp_path / name, '1,1,3,4,5,6\n')
    assert {i.split for i in load(tmp_path).images} == {'train', 'test'}
    _sequence(tmp_path / 'sea', '1,1,3,4,5,6\n')
    assert {i.split for i in load(tmp_path).images} == {None}


def test_what_seqinfo_tells(tmp_path: Path) -> None:
    _sequence(tmp_path, '1,1,3,4,5,6\n')
    (tmp_path / 'img1').rename(tmp_path / 'frames')
    info = tmp_path / 'seqinfo.ini'
    text(info, '[Sequence]\nname=100%\nimDir=frames\nseqLength=5\n')
    labels = load(tmp_path)
    assert _places(labels) == {'frames': [0]}
    assert any('has 4 images, ' in note and 'seqinfo.ini tells 5' in note for note in labels.notes)
    text(info, '[Sequence]\nimDir=frames\nimWidth=640\nimHeight=512\n')
    with pytest.raises(DataError, match='4 images are not as large as their labels say'):
        load(tmp_path)
    for content, found in (('[Sequence]\nimDir=frames\nimWidth=wide\n', "'wide'"), ('no section\n', 'no section')):
        text(info, content)
        with pytest.raises(DataError, match=f'{info}: found .*(?s:.){{0,80}}{found}'):
            load(tmp_path)


def test_folders_and_broken_links_are_no_label_files(tmp_path: Path) -> None:
    _sequence(tmp_path, '1,1,3,4,5,6\n')
    for suffix in ('txt', 'json', 'xml', 'csv'):
        (tmp_path / f'folder.{suffix}').mkdir()
        (tmp_path / f'link.{suffix}').symlink_to(tmp_path / 'gone')
    assert len(load(tmp_path).images) == 4
    (tmp_path / 'gt/gt.txt').unlink()
    with pytest.raises(DataError, match='without labels of a known format'):
        load(tmp_path)


def test_thousands_of_sequences_are_not_held_against_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(120):
        text(tmp_path / f'{number:03d}/gt/gt.txt', '1,7,3,4,5,6,1,1,1\n')
        text(tmp_path / f'{number:03d}/det/det.txt', '1,-1,3,4,5,6,0.9\n')
    compared = 0
    equal = PurePath.__eq__

    def counted(self: PurePath, other: object) -> bool:
        nonlocal compared
        compared += 1
        return equal(self, other)

    monkeypatch.setattr(PurePath, '__eq__', counted)
    found = mot.find(tmp_path)
    monkeypatch.undo()
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [f'{k:03d}/gt/gt.txt' for k in range(120)]
    assert compared < 5 * 240
