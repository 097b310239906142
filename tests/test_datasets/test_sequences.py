from __future__ import annotations

import pytest

from mmirstd.datasets.sequences import Frame, Video, frame_number, name_pattern, number_frames


@pytest.mark.parametrize(
    ('path', 'number', 'pattern'),
    [
        ('seq/00012.png', 12, ('', '')),
        ('sky_3.png', 3, ('sky_', '')),
        ('cam2_0007_ir.bmp', 7, ('cam2_', '_ir')),
        ('noise.png', None, ('noise', '')),
        ('s/Misc_70_png.rf.0bc7389efdcecde20d64bf21aecc53d8.jpg', 70, ('Misc_', '')),
        ('0005_jpg.rf.QbD2XmLp0aZz.jpg', 5, ('', '')),
    ],
)
def test_names(path, number, pattern):
    assert frame_number(path) == number
    assert name_pattern(path) == pattern


def videos(*names, by_folder=True) -> list[Video]:
    return [Video('all', 3, [Frame(f'all/{name}', None, k) for k, name in enumerate(names)], by_folder)]


def test_numbers_come_from_names():
    numbered, split = number_frames(videos('10.png', '2.png'))
    assert [frame.number for frame in numbered[0].frames] == [10, 2]
    assert not split


def test_names_without_numbers_are_in_natural_order():
    numbered, _ = number_frames(videos('b.png', 'a2.png', 'a10.png'))
    assert [(frame.path, frame.number) for frame in numbered[0].frames] == [
        ('all/a2.png', 0),
        ('all/a10.png', 1),
        ('all/b.png', 2),
    ]


def test_several_sets_in_one_folder():
    numbered, split = number_frames(videos('sky_0.png', 'sea_0.png', 'sky_1.png', 'sea_1.png'))
    assert split == ['all']
    assert [(video.name, [frame.number for frame in video.frames]) for video in numbered] == [
        ('all/sky_*', [0, 1]),
        ('all/sea_*', [0, 1]),
    ]
    assert len({video.video_id for video in numbered}) == 2


def test_what_stays_one_sequence():
    for given in (videos('a_0.png', 'b_1.png'), videos('a_0.png', 'b_0.png', by_folder=False)):
        numbered, split = number_frames(given)
        assert len(numbered) == 1
        assert not split
    given = [Video('s', 1, [Frame('s/5.png', 0), Frame('s/6.png', 1)], True)]
    assert [frame.number for frame in number_frames(given)[0][0].frames] == [0, 1]
