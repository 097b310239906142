from __future__ import annotations

import pytest

from mmirstd.datasets.listed_paths import image_exists, without_leading_folders


@pytest.mark.parametrize(
    ('paths', 'there', 'rests', 'taken'),
    [
        (['a', 'b'], {'a', 'b'}, ['a', 'b'], ''),
        (['images/a', 'images/b'], {'a', 'b'}, ['a', 'b'], 'images'),
        (['/home/u/x/images/a', '/home/u/x/images/b'], {'b'}, ['a', 'b'], 'home/u/x/images'),
        (['C:/x/s/1', 'C:/x/s/2'], {'s/1', '1'}, ['s/1', 's/2'], 'C:/x'),  # the fewest
        (['./a', 'images/b'], {'a'}, ['a', 'images/b'], ''),
    ],
)
def test_the_fewest_folders_that_find_a_file(paths, there, rests, taken):
    assert without_leading_folders(paths, there.__contains__) == (rests, taken)


def test_never_two_paths_for_one_file():
    assert without_leading_folders(['a/1', 'b/1'], {'1'}.__contains__) is None


def test_nothing_found():
    assert without_leading_folders(['a/1', 'b/2'], set().__contains__) is None


def test_an_image_may_have_become_a_png(tmp_path):
    (tmp_path / 'a.png').touch()
    assert image_exists(tmp_path, 'a.bmp')
    assert not image_exists(tmp_path, 'b.bmp')
