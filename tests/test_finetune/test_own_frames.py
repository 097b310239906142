"""Frames of videos: of which file they are, and when they are decoded anew."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mmirstd.datasets.image_io import read_image
from mmirstd.finetune import decode_videos, find_videos
from mmirstd.utils.errors import DataError
from mmirstd.utils.files import save_png
from tests.test_apis.helpers import write_video


def film(path: Path, *grays: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, [np.full((32, 32), gray, np.uint8) for gray in grays])


def decoded(out: Path) -> dict[str, list[int]]:
    """Folder -> the gray value of each frame, to the nearest ten."""
    found: dict[str, list[int]] = {}
    for path in sorted(out.rglob('*.png')):
        gray = 10 * round(float(np.mean(read_image(path))) / 10)
        found.setdefault(path.parent.relative_to(out).as_posix(), []).append(gray)
    return found


def decode(root: Path, first: int = 0, begun: bool = False) -> list[str]:
    return decode_videos(find_videos(root), root, root.parent / 'out', first, begun)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    film(tmp_path / 'videos/a.avi', 10, 20, 30)
    film(tmp_path / 'videos/b.avi', 40, 50)
    film(tmp_path / 'videos/a/c.avi', 60)
    return tmp_path / 'videos'


def test_frames_of_the_same_videos_are_kept(root: Path) -> None:
    out = root.parent / 'out'
    assert decode(root) == [f'3 videos: 6 frames, numbered from 0, are in {out}']
    assert decoded(out) == {'a': [10, 20, 30], 'a/c': [60], 'b': [40, 50]}
    before = {path: path.stat().st_mtime_ns for path in out.rglob('*.png')}
    assert decode(root) == [f'3 videos: 6 frames, numbered from 0, are in {out}']
    assert {path: path.stat().st_mtime_ns for path in out.rglob('*.png')} == before


def test_frames_follow_their_videos(root: Path) -> None:
    out = root.parent / 'out'
    decode(root)
    kept = {path: path.stat().st_mtime_ns for path in (out / 'a/c').iterdir()}
    film(root / 'a.avi', 70, 80)
    (root / 'b.avi').unlink()
    notes = decode(root)
    assert notes == [
        f'2 videos: 3 frames, numbered from 0, are in {out}',
        '1 videos are gone, and their frames were removed:\n  b',
    ]
    assert decoded(out) == {'a': [70, 80], 'a/c': [60]}
    assert not (out / 'b').exists()
    assert {path: path.stat().st_mtime_ns for path in (out / 'a/c').iterdir()} == kept
    assert decode(root, first=5)[0] == f'2 videos: 3 frames, numbered from 5, are in {out}'
    assert sorted(path.name for path in (out / 'a').glob('*.png')) == ['000005.png', '000006.png']


def test_a_killed_call_leaves_nothing_that_is_trained_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = root.parent / 'out'
    calls: list[Path] = []

    def killed(path: Path, image: np.ndarray) -> None:
        calls.append(path)
        if len(calls) == 5:  # in the second video
            raise KeyboardInterrupt
        save_png(path, image)

    with monkeypatch.context() as patch:
        patch.setattr('mmirstd.finetune.own_frames.save_png', killed)
        with pytest.raises(KeyboardInterrupt):
            decode(root)
    half = calls[-1].parent.name.removesuffix('.unfinished')
    (root / 'a/c.avi' if half == 'c' else root / f'{half}.avi').unlink()
    decode(root)
    assert len(decoded(out)) == 2
    assert not list(out.rglob('*.unfinished'))


def test_frames_stay_once_a_training_has_begun(root: Path) -> None:
    out = root.parent / 'out'
    decode(root)
    before = decoded(out)
    assert decode(root, begun=True) == [f'the frames with which the training began are kept: {out}']
    os.utime(root / 'a.avi', ns=(1, 1))
    film(root / 'b.avi', 90)
    (root / 'a/c.avi').unlink()
    kept, told = decode(root, begun=True)
    assert 'are kept' in kept
    assert told.startswith('3 videos were changed, added or removed since the training began:\n  a\n  b\n  a/c\n')
    assert told.endswith('name another folder with --out')
    assert decoded(out) == before


def test_images_of_no_video_are_not_trained_on(root: Path) -> None:
    mine = root.parent / 'out/d/000000.png'
    save_png(mine, np.zeros((32, 32), np.uint8))
    with pytest.raises(DataError, match=r'd/000000\.png: found an image that this command did not decode(?s:.*)--out'):
        decode(root)
    assert mine.is_file()
    assert decode(root, begun=True) == [f'the frames with which the training began are kept: {root.parent / "out"}']
