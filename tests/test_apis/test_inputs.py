from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmirstd.apis import Source, expand_inputs
from mmirstd.apis.frame_stream import FrameStream
from mmirstd.apis.inputs import describe_repeated, describe_skipped, frame_files, gray_array, identity, without_repeats
from mmirstd.utils.errors import DataError
from tests.test_apis.helpers import scene, write_image


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        '10.png',
        '2.png',
        'film.mp4',
        'notes.txt',
        '.hidden.png',
        'sub/a.TIF',
        'sub/deep/b.c.bmp',
        'out/masks/2.png',
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def listed(*args: object, **kwargs: object) -> list[tuple[str, str]]:
    return [(source.kind, source.name) for source in expand_inputs(*args, **kwargs)]


def test_folder_in_natural_order(tree: Path) -> None:
    assert listed(tree) == [('image', '2'), ('image', '10'), ('video', 'film')]
    assert listed(str(tree), recursive=True, exclude=tree / 'out') == [
        ('image', '2'),
        ('image', '10'),
        ('video', 'film'),
        ('image', 'sub/a'),
        ('image', 'sub/deep/b.c'),
    ]


def test_folders_as_sequences(tree: Path) -> None:
    assert listed(tree, sequences=True) == [('frames', tree.name), ('video', 'film')]
    assert ('frames', 'sub/deep') in listed(tree, recursive=True, sequences=True)
    assert [Path(f).name for f in frame_files(str(tree))] == ['2.png', '10.png']


def test_what_is_no_image_is_told(tree: Path) -> None:
    (tree / 'sub/list.csv').touch()
    skipped: list[str] = []
    listed(tree, recursive=True, on_skip=skipped.append)
    assert [Path(path).name for path in skipped] == ['notes.txt', 'list.csv']
    assert describe_skipped(skipped).startswith(
        'skipped 2 file(s) whose names are none of an image or video: notes.txt, list.csv (read are .png, '
    )
    assert ': a0, a1 and 3 more (' in describe_skipped([f'x/a{k}' for k in range(5)], shown=2)
    assert listed(tree / 'sub', sequences=True, on_skip=skipped.append) == [('frames', 'sub')]
    assert len(skipped) == 3


def test_a_file_that_is_named_twice_comes_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    again: list[str] = []
    inputs = ['sub/a.TIF', tree, './2.png', '*.mp4', f'{tree}/sub/../10.png', 0, 0, np.zeros((2, 2)), np.zeros((2, 2))]
    once = [source.name for source in without_repeats(expand_inputs(inputs, recursive=False), again.append)]
    assert once == ['a', '2', '10', 'film', 'camera0', 'camera0', '000000', '000001']
    assert again == [str(tree / name) for name in ('2.png', 'film.mp4', '10.png')]
    assert describe_repeated(again, shown=1) == (
        f'3 input(s) were given more than once and done once: {again[0]} and 2 more'
    )


def test_pages_are_the_frames_of_a_sequence(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 20, 30), np.uint8)
    assert cv2.imwritemulti(str(tmp_path / 'stack.tif'), list(frames))
    assert cv2.imwritemulti(str(tmp_path / 'one.tiff'), list(frames[:1]))
    assert listed(tmp_path) == [('image', 'one'), ('pages', 'stack')]
    assert listed(tmp_path, sequences=True) == [('frames', tmp_path.name), ('pages', 'stack')]
    assert [Path(path).name for path in frame_files(str(tmp_path))] == ['one.tiff']
    (source,) = expand_inputs(tmp_path / 'stack.tif')
    assert not source.still
    stream = FrameStream(source)
    np.testing.assert_array_equal(list(stream), frames)
    assert (stream.total, stream.problem) == (3, None)
    before = identity(source)
    os.utime(tmp_path / 'stack.tif', (1, 1))
    assert None not in (before, identity(source))
    assert identity(source) != before


def test_patterns_keep_the_folders_below_their_fixed_part(tree: Path) -> None:
    assert listed(f'{tree}/**/*.[bT]*') == [('image', 'sub/a'), ('image', 'sub/deep/b.c')]
    (problem,) = expand_inputs(f'{tree}/*.xyz')
    assert 'no file matches' in problem.problem


def test_a_name_with_wildcard_characters_is_a_file_if_it_exists(tmp_path: Path) -> None:
    (tmp_path / 'a[1].png').touch()
    assert listed(tmp_path / 'a[1].png') == [('image', 'a[1]')]


def test_other_kinds_and_lists(tree: Path) -> None:
    inputs = [
        np.zeros((2, 2), np.uint8),
        0,
        '1',
        '-',
        'rtsp://user:secret@host/live?key=1',
        tree / 'film.mp4',
        np.zeros((2, 2), np.uint8),
        3.5,
    ]
    found = list(expand_inputs(inputs))
    assert [(s.kind, s.name) for s in found] == [
        ('array', '000000'),
        ('live', 'camera0'),
        ('live', 'camera1'),
        ('stdin', 'stdin'),
        ('live', 'host_live'),
        ('video', 'film'),
        ('array', '000001'),
        ('image', 'unknown'),
    ]
    assert found[4].label == 'rtsp://host/live'  # no password in results
    with pytest.raises(DataError, match='float'):
        found[-1].read()


def test_named_pipe_is_a_stream(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe')
    assert listed(tmp_path / 'pipe') == [('live', 'pipe')]


def test_missing_and_empty_are_sources_with_a_problem(tree: Path) -> None:
    (missing,) = expand_inputs(tree / 'none.png')
    with pytest.raises(DataError, match='no such file'):
        missing.read()
    (tree / 'only').mkdir()
    (tree / 'only' / 'below').mkdir()
    (empty,) = expand_inputs(tree / 'only')
    with pytest.raises(DataError, match='no image or video.*1 subfolder.*--recursive'):
        empty.read()


def test_thousands_of_names_come_lazily(tmp_path: Path) -> None:
    for k in range(30):
        folder = tmp_path / f'{k:02d}'
        folder.mkdir()
        for i in range(100):
            (folder / f'{i}.png').touch()
    calls = []
    original = os.scandir

    def counting(path: str):
        calls.append(path)
        return original(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, 'scandir', counting)
        sources = expand_inputs(tmp_path, recursive=True)
        assert len(list(islice(sources, 150))) == 150
        assert len(calls) == 3  # the top and two of the thirty folders
        assert 150 + sum(1 for _ in sources) == 3000


def test_reading_keeps_bits(tmp_path: Path) -> None:
    image = (scene() * np.uint16(200)).astype(np.uint16)
    path = write_image(tmp_path / 'a.tif', image)
    (source,) = expand_inputs(path)
    assert np.array_equal(source.read(), image)
    np.save(tmp_path / 'a.npy', np.stack([image] * 3, -1))
    assert np.array_equal(next(iter(expand_inputs(tmp_path / 'a.npy'))).read(), image)
    (tmp_path / 'b.npy').write_bytes(b'\x93NUMPY broken')
    with pytest.raises(DataError, match='b.npy'):
        next(iter(expand_inputs(tmp_path / 'b.npy'))).read()


@pytest.mark.parametrize(
    'array',
    [
        np.zeros((2, 2, 2), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros((2, 2), complex),
        np.zeros((2, 2), bool),
    ],
)
def test_arrays_that_are_no_images(array: np.ndarray) -> None:
    with pytest.raises(DataError, match='expected'):
        gray_array(array)


def test_arrays_that_are() -> None:
    gray = np.arange(12, dtype=np.uint16).reshape(3, 4)
    for channels in (1, 3, 4):
        assert np.array_equal(gray_array(np.repeat(gray[..., None], channels, 2)), gray)
    assert gray_array(np.zeros((3, 4))).dtype == np.float32


def test_identity_changes_with_the_file(tmp_path: Path) -> None:
    path = write_image(tmp_path / 'a.png', scene())
    source = Source('image', str(path), 'a')
    before = identity(source)
    assert before == identity(source)
    write_image(path, scene(seed=5))
    os.utime(path, ns=(1, 1))
    assert identity(source) != before
    assert identity(Source('array', scene(), 'a')) is None
    assert identity(Source('image', str(tmp_path / 'none.png'), 'a')) is None
