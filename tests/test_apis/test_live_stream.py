from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mmirstd.apis import IRSTDInferencer, MovingTargetInferencer, TargetTracker
from mmirstd.apis.inputs import Source
from mmirstd.apis.live_stream import LiveStream, Reconnect
from mmirstd.tracking import TrackOptions
from mmirstd.utils.errors import DataError
from tests.test_apis.helpers import LocalContrast, moving_frames
from tests.test_models.clip_models import tiny_detector

SMALL, LARGE = np.zeros((32, 32), np.uint8), np.zeros((48, 32), np.uint8)


class Camera:
    """Connections one after the other: frames and how long each takes, a defect, or None: it cannot be opened."""

    def __init__(self, *connections: Any) -> None:
        self.connections = list(connections)
        self.now = 0.0
        self.waits: list[float] = []
        self.closed = 0

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def open(self) -> Any:
        connection = self.connections.pop(0) if self.connections else None
        if connection is None:
            raise DataError('the camera does not answer')
        stream = SimpleNamespace(fps=25.0, total=None, problem=None)

        def frames() -> Iterator[np.ndarray]:
            for item in connection:
                if isinstance(item, str):
                    stream.problem = item
                    return
                seconds, frame = item if isinstance(item, tuple) else (0.04, item)
                self.now += seconds
                yield frame

        def close() -> None:
            self.closed += 1

        stream.close = close
        return _Iterable(stream, frames)

    def stream(self, reconnect: Reconnect, max_frames: int | None = None) -> LiveStream:
        return LiveStream(self.open, reconnect, max_frames, self.sleep, lambda: self.now)


class _Iterable:
    def __init__(self, stream: Any, frames: Any) -> None:
        self.__dict__['stream'], self.__dict__['frames'] = stream, frames

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.frames()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def test_a_camera_that_goes_and_comes_back() -> None:
    camera = Camera([SMALL] * 3, None, None, [SMALL, 'a JPEG that cannot be decoded'], [SMALL, (3.0, SMALL), SMALL])
    stream = camera.stream(Reconnect(attempts=3, first_wait=0.5, longest_wait=1.0))
    restarted = []
    for _ in stream:
        restarted.append(stream.restarted)
    #             before it went      after it came back      after the defect, and after three seconds without a frame
    assert restarted == [True, False, False] + [True] + [True, True, False]
    assert camera.waits == [0.5, 1.0, 1.0] + [0.5] + [0.5, 1.0, 1.0]
    assert stream.problem == 'gone, and not back after 3 attempts (the camera does not answer)'
    assert stream.counts == {
        'frames': 7, 'reconnects': 2, 'failed attempts': 5, 'broken off': 1, 'gaps': 1, 'size changes': 0,
    }  # fmt: skip
    assert stream.report() == 'gaps 1, frames 7, failed attempts 5, reconnects 2, broken off 1'
    assert camera.closed == 3


def test_what_opens_and_gives_nothing_is_given_up() -> None:
    camera = Camera([SMALL], *([[]] * 20))
    stream = camera.stream(Reconnect(attempts=4))
    assert len(list(stream)) == 1
    assert stream.problem == 'gone, and not back after 4 attempts (it ended)'
    assert len(camera.waits) == 4


def test_frames_enough() -> None:
    stream = Camera([SMALL] * 2, [SMALL] * 9).stream(Reconnect(), max_frames=5)
    assert len(list(stream)) == 5
    assert stream.problem is None


def test_one_that_never_was_there_is_an_error() -> None:
    with pytest.raises(DataError, match='does not answer'):
        Camera().stream(Reconnect())


@pytest.mark.parametrize('wrong', [dict(attempts=0), dict(first_wait=0), dict(first_wait=50), dict(gap=0)])
def test_options(wrong: dict) -> None:
    with pytest.raises(ValueError, match='expected attempts'):
        Reconnect(**wrong)


def test_a_detector_forgets_what_was_before_and_takes_another_size(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    first, second = (list(rng.integers(0, 255, (3, *image.shape), np.uint8)) for image in (SMALL, LARGE))
    camera = Camera(first, second, first)
    monkeypatch.setattr('mmirstd.apis.frame_inference.FrameStream', lambda *args: camera.open())
    inferencer = MovingTargetInferencer(tiny_detector(), device='cpu', show_progress=False)
    inferencer.reconnect = Reconnect(attempts=1, first_wait=0.01, gap=100)
    found = list(inferencer.infer(Source('live', 'camera', 'camera'), on_error=lambda source, error: None))
    assert [result.image.shape for result in found] == [(32, 32)] * 3 + [(48, 32)] * 3 + [(32, 32)] * 3
    for one, again in zip(found[:3], found[6:], strict=True):
        assert [target.peak for target in one.targets] == [target.peak for target in again.targets]
    assert inferencer.stream.counts['size changes'] == 2


def test_tracks_end_where_the_camera_was_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come back with another size, and shows another view in any case."""
    small = moving_frames(4)
    large = [np.vstack((frame, frame[:16])) for frame in small]
    camera = Camera(small, large, large)
    monkeypatch.setattr('mmirstd.apis.frame_inference.FrameStream', lambda *args: camera.open())
    inferencer = IRSTDInferencer(LocalContrast(), device='cpu', show_progress=False)
    inferencer.reconnect = Reconnect(attempts=1, first_wait=0.01, gap=100)
    results = inferencer.infer(Source('live', 'camera', 'camera'), batch_size=3, on_error=lambda source, error: None)
    found = list(TargetTracker(TrackOptions(confirm=(2, 2))).track(results))
    assert [result.part for result in found] == [0] * 4 + [1] * 4 + [2] * 4
    assert [[track.id for track in result.tracks] for result in found] == [
        ids for number in (1, 2, 3) for ids in ([], [number], [number], [number])
    ]
