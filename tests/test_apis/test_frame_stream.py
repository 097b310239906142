from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import Source
from mmirstd.apis.frame_stream import FrameStream, RawFormat
from mmirstd.utils.errors import DataError
from tests.test_apis.helpers import moving_frames, scene, write_image, write_mjpeg, write_video


def read(source: Source, **options: object) -> tuple[list[np.ndarray], FrameStream]:
    with FrameStream(source, **options) as stream:
        return list(stream), stream


def video(path: Path) -> Source:
    return Source('video', str(path), 'v')


@pytest.mark.parametrize('codec', ['MJPG', 'FFV1'])
def test_video_in_full(tmp_path: Path, codec: str) -> None:
    frames = moving_frames()
    found, stream = read(video(write_video(tmp_path / 'spaced ü.avi', frames, codec)))
    assert (stream.fps, stream.total, stream.problem) == (10, 8, None)
    assert len(found) == 8
    assert all(np.abs(a.astype(int) - b).mean() < 4 for a, b in zip(found, frames))
    if codec == 'FFV1':
        assert np.array_equal(found[3], frames[3])
    assert len(read(video(tmp_path / 'spaced ü.avi'), max_frames=3)[0]) == 3


@pytest.mark.parametrize(('codec', 'suffix'), [('MJPG', 'avi'), ('FFV1', 'avi'), ('FFV1', 'mkv'), ('XVID', 'avi')])
def test_video_cut_off_in_a_frame(tmp_path: Path, codec: str, suffix: str) -> None:
    path = write_video(tmp_path / f'v.{suffix}', [scene(seed=k) for k in range(20)], codec)
    whole, _ = read(video(path))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    found, stream = read(video(path))
    assert 3 < len(found) < 17
    assert 'cut off' in stream.problem or 'truncated' in stream.problem
    # What is given is good: no frame is half decoded.
    assert all(np.array_equal(a, b) for a, b in zip(found, whole))


def test_mp4_without_its_end_cannot_be_opened(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'v.mp4', moving_frames(), 'mp4v')
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match='truncated'):
        FrameStream(video(path))


def test_frame_size_changes(tmp_path: Path) -> None:
    frames = [scene(48, 64, ()) for _ in range(3)] + [scene(32, 40, ()) for _ in range(3)]
    found, stream = read(video(write_mjpeg(tmp_path / 'v.mjpeg', frames)))
    assert [frame.shape for frame in found] == [(48, 64)] * 3
    assert 'frame 3 has 40x32 pixels' in stream.problem
    assert (stream.fps, stream.total) != (None, 3)


@pytest.mark.parametrize(('content', 'message'), [(b'', 'empty'), (b'just some text\n' * 50, 'cannot open')])
def test_no_video(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / 'v.avi').write_bytes(content)
    with pytest.raises(DataError, match=message):
        FrameStream(video(tmp_path / 'v.avi'))
    with pytest.raises(DataError, match='cannot be opened'):
        FrameStream(video(tmp_path / 'missing.avi'))


def test_frame_folder(tmp_path: Path) -> None:
    for k in (0, 2, 10):
        write_image(tmp_path / f'{k}.tif', scene(seed=k).astype(np.uint16) * 100)
    source = Source('frames', str(tmp_path), 'f')
    found, stream = read(source)
    assert stream.total == 3
    assert np.array_equal(found[1], scene(seed=2).astype(np.uint16) * 100)
    write_image(tmp_path / '11.tif', scene())  # another type
    write_image(tmp_path / '12.tif', scene())
    found, stream = read(source)
    assert len(found) == 3
    assert 'uint8' in stream.problem
    (tmp_path / '2.tif').write_bytes(b'')
    found, stream = read(source)
    assert len(found) == 1
    assert '2.tif: the file is empty' in stream.problem


@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'float32'])
def test_raw_frames(dtype: str) -> None:
    frames = [np.arange(6).reshape(2, 3).astype(dtype) + k for k in range(3)]
    data = b''.join(frame.astype(np.dtype(dtype).newbyteorder('<')).tobytes() for frame in frames)
    source = Source('stdin', '-', 'stdin')
    raw = RawFormat.parse(f'3x2:{dtype}')
    found, stream = read(source, raw_format=raw, stdin=io.BytesIO(data))
    assert stream.problem is None
    assert [f.dtype for f in found] == [np.dtype(dtype)] * 3
    assert all(np.array_equal(a, b) for a, b in zip(found, frames))
    found, stream = read(source, raw_format=raw, stdin=io.BytesIO(data[:-1]))
    assert len(found) == 2
    assert 'ends inside a frame' in stream.problem


@pytest.mark.parametrize('text', ['640', '0x5', '3x2:int8', 'axb', '3x-2'])
def test_bad_raw_format(text: str) -> None:
    with pytest.raises(ValueError, match='WIDTHxHEIGHT'):
        RawFormat.parse(text)


def test_raw_frames_need_a_size() -> None:
    with pytest.raises(DataError, match='--raw-frames'):
        FrameStream(Source('stdin', '-', 'stdin'))


class Capture:
    """OpenCV's capture of a camera that gives so many frames; then ``retrieve`` gives None, or nothing comes at all."""

    def __init__(self, frames: int, undecoded: bool) -> None:
        self.left, self.undecoded = frames, undecoded

    def isOpened(self) -> bool:
        return True

    def get(self, what: int) -> float:
        return -1.0

    def grab(self) -> bool:
        self.left -= 1
        return self.left >= 0 or self.undecoded

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        return (True, np.zeros((8, 9, 3), np.uint8)) if self.left >= 0 else (False, None)

    def release(self) -> None:
        pass


@pytest.mark.parametrize(
    ('location', 'undecoded', 'problem'),
    [
        (0, False, 'frame 3: the camera gives no more frames; look at'),
        (0, True, 'frame 3: it cannot be decoded'),
        ('rtsp://host/a', True, 'frame 3: it cannot be decoded'),
        ('rtsp://host/a', False, None),  # what is sent has an end
    ],
)
def test_a_camera_that_stops_is_told(
    location: int | str, undecoded: bool, problem: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('cv2.VideoCapture', lambda location: Capture(3, undecoded))
    stream = FrameStream(Source('live', location, 'camera'))
    assert [frame.shape for frame in stream] == [(8, 9)] * 3
    assert (stream.problem or '').startswith(problem or '')
    assert (stream.problem is None) == (problem is None)
    assert len(list(FrameStream(Source('live', location, 'camera'), max_frames=2))) == 2


def test_a_stream_without_a_frame_is_no_corrupt_file() -> None:
    stream = FrameStream(Source('stdin', '-', 'stdin'), RawFormat(4, 4), stdin=io.BytesIO())
    assert list(stream) == []
    assert stream.problem == 'it gave no frame'
