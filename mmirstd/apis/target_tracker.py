"""Search and track: from an inferencer's frames to frames with tracks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mmirstd.tracking import CameraMotionEstimator, PointTracker, TrackOptions

from .frame_places import frame_places
from .frame_result import FrameResult
from .inputs import Source


class TargetTracker:
    """Adds tracks to the results of any inferencer, of masks or boxes, of single frames or clips.

    A frame's tracks are there with it: nothing of a later frame is used, and memory does not grow.  Another sequence
    begins where the results' source is another.  Where a live source comes back, all tracks end.  Where the names of a
    folder's frames have numbers, a gap in them is time that passed.

    Example::

        inferencer = build_inferencer('ggl-net-tiny_three-sources')
        for result in TargetTracker().track(inferencer.infer('video.mp4')):
            print(result.frame, [(track.id, track.x, track.y) for track in result.tracks])

    Args:
        options: How; see :class:`mmirstd.tracking.TrackOptions`.
        estimator: Of the camera's motion; None: a new one.

    Attributes:
        gaps: Places of this sequence, so far, where frames are missing.
        seconds: That tracking took in each frame of this sequence, the camera's motion included.
    """

    def __init__(self, options: TrackOptions | None = None, estimator: CameraMotionEstimator | None = None) -> None:
        self.options = options or TrackOptions()
        self._tracker = PointTracker(self.options, estimator)
        self.reset()

    def reset(self) -> None:
        """Begin another sequence."""
        self._tracker.reset()
        self._source: Source | None = None
        self._places: list[int] = []
        self._place = -1
        self._part = 0
        self.gaps = 0
        self.seconds: list[float] = []

    @property
    def jumps(self) -> list[int]:
        """Frames of this sequence, so far, that show another place than the one before; all tracks ended there."""
        return self._tracker.jumps

    @property
    def repeats(self) -> int:
        """Frames of this sequence, so far, that are the frame before again."""
        return self._tracker.repeats

    def __call__(self, result: FrameResult) -> FrameResult:
        """The result of the next frame, with the tracks in it.

        Raises:
            ValueError: The frame has another size than those before it.
        """
        if self._source is None or not (result.source.still or result.source is self._source):
            self.reset()
            self._source = result.source
            self._places = frame_places(result.source)
        if result.part != self._part:
            self._part = result.part
            self._tracker.interrupt()
        began = time.perf_counter()
        targets = result.targets
        names = [target.class_name for target in targets if target.class_name is not None]
        # single images are the frames of one sequence, in the order in which they come
        frame = len(self.seconds) if result.source.still else result.frame
        place = self._places[frame] if frame < len(self._places) else frame
        step = place - self._place
        self._place = place
        self.gaps += int(step > 1)
        tracks = self._tracker.update(
            [(target.x, target.y) for target in targets],
            [target.peak for target in targets],
            np.array([(target.x0, target.y0, target.x1, target.y1) for target in targets]).reshape(-1, 4),
            result.image,
            step,
            frame,
            names if names else None,
        )
        self.seconds.append(time.perf_counter() - began)
        return replace(result, tracks=tracks)

    def report(self) -> dict[str, Any]:
        """What the end of a JSON file of tracks says: gaps, jumps and repeats, and milliseconds a frame."""
        return dict(
            gaps=self.gaps,
            jumps=self.jumps,
            repeats=self.repeats,
            tracking_ms=milliseconds(self.seconds),
        )

    def track(self, results: Iterable[FrameResult]) -> Iterator[FrameResult]:
        """The results of a sequence, as they come, with their tracks."""
        self.reset()
        for result in results:
            yield self(result)


def milliseconds(seconds: Sequence[float]) -> dict[str, float] | None:
    """Median, 95th percentile and greatest of times, in milliseconds; None without any."""
    if not seconds:
        return None
    values = np.percentile(np.array(seconds) * 1000, (50, 95, 100)).round(2)
    return dict(zip(('median', 'p95', 'max'), values.tolist()))
