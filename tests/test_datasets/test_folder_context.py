"""Unlisted images of folders: whose past and future frames they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmirstd.datasets.folder_context import FolderContext, ImageFolders
from mmirstd.datasets.sequences import Frame, Video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images 0 to 11 of a camera, and one of another."""
    for name in (*(f'ir_{number:02d}.png' for number in range(12)), 'tv_03.png', 'notes.txt', 'mean.png'):
        (tmp_path / name).touch()
    return tmp_path


def video(folder: Path, *numbers: int, offset: int = 0, name: str = 'ir_{:02d}.png') -> Video:
    return Video('v', 1, [Frame(str(folder / name.format(n)), n + offset, img_id=n) for n in numbers])


def places(videos: list[Video]) -> tuple[list[list[int]], list[str]]:
    """Places of each sequence's frames, and the names of what is unclear."""
    context = FolderContext(videos, ImageFolders())
    for each in videos:
        context.add_to(each)
    return [[frame.place for frame in each.frames] for each in videos], [Path(path).name for path in context.unclear]


def test_a_folder_of_one_sequence_is_all_its_own(folder: Path) -> None:
    found, unclear = places([video(folder, 3, 5)])
    assert found == [list(range(12))]
    assert not unclear
    assert places([video(folder, 3, 5, offset=10)])[0] == [list(range(10, 22))]


def test_nothing_lies_before_frame_0(folder: Path) -> None:
    found, unclear = places([video(folder, 3, 5, offset=-3)])
    assert found == [list(range(9))]
    assert unclear == ['ir_00.png', 'ir_01.png', 'ir_02.png']


def test_in_a_shared_folder_only_what_lies_between(folder: Path) -> None:
    found, unclear = places([video(folder, 1, 4), video(folder, 6, 9, offset=-6)])
    assert found == [[1, 2, 3, 4], [0, 1, 2, 3]]
    assert unclear == ['ir_00.png', 'ir_05.png', 'ir_10.png', 'ir_11.png']


def test_between_the_frames_of_two_sequences(folder: Path) -> None:
    found, unclear = places([video(folder, 0, 4, 8), video(folder, 2, 6, 11)])
    assert found == [[0, 1, 4, 8], [2, 6, 9, 10, 11]]
    assert unclear == ['ir_03.png', 'ir_05.png', 'ir_07.png']


def test_sequences_told_apart_by_how_names_are_written_share_nothing(folder: Path) -> None:
    found, unclear = places([video(folder, 4), video(folder, 3, name='tv_{:02d}.png')])
    assert found == [list(range(12)), [3]]
    assert not unclear


def test_listed_under_another_suffix_or_path(folder: Path) -> None:
    other = video(folder, 5, 6, name='../' + folder.name + '/ir_{:02d}.bmp')
    assert places([video(folder, 4), other])[0][0] == [4]


def test_files_under_another_suffix(folder: Path) -> None:
    folders = ImageFolders()
    assert folders.find(str(folder / 'ir_03.bmp')) == str(folder / 'ir_03.png')
    assert folders.find(str(folder / 'notes.txt')) == str(folder / 'notes.txt')
    assert folders.find(str(folder / 'notes.png')) is None
    assert folders.find(str(folder / 'none/ir_03.png')) is None
