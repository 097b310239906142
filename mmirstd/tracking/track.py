"""One track: its filter, its detections, its past."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .camera_motion import CameraMotion
from .kalman import ConstantVelocity
from .options import TrackOptions
from .track_point import TrackPoint

#: Positions that a track's trail keeps.
TRAIL = 50


class Track:
    """A track from its first detection on, tentative until M of N frames had a detection of it.

    Args:
        frame: Number of the frame.
        point: (2,) x, y.
        box: (4,) edges x0, y0, x1, y1.
        score: Of the detection.
        options: As of the tracker.
        votes: Score of the detection for each class; empty: there are no classes.
    """

    def __init__(
        self,
        frame: int,
        point: NDArray[np.float64],
        box: NDArray[np.float64],
        score: float,
        options: TrackOptions,
        votes: Mapping[str, float],
    ) -> None:
        self.options = options
        self.id: int | None = None
        self.first = frame
        self.hits = 1
        self.missed = 0.0
        self.detected = True
        self.moving: bool | None = None
        # A target's speed is taken for normal, with the greatest at two standard deviations.
        self.filter = ConstantVelocity(point, options.position_noise, options.max_speed / 2, options.maneuver)
        self._edges = box - np.tile(point, 2)
        self._score = score
        self._votes: defaultdict[str, float] = defaultdict(float, votes)
        self._window: deque[bool] = deque([True], maxlen=options.confirm[1])
        self._trail: deque[NDArray[np.float64]] = deque([point], maxlen=max(TRAIL, options.still_frames) + 1)

    @property
    def confirmed(self) -> bool:
        """Whether it has, or had, M detections in N frames."""
        return self.id is not None

    @property
    def has_enough(self) -> bool:
        """Whether M of the last N frames have a detection of it."""
        return sum(self._window) >= self.options.confirm[0]

    @property
    def ended(self) -> bool:
        """Whether it coasted for too long or, tentative, can no longer be confirmed by the N frames from its first."""
        if self.confirmed:
            return self.missed > self.options.coast
        hits, frames = self.options.confirm
        return len(self._window) - sum(self._window) > frames - hits

    def predict(self, time: float, motion: CameraMotion) -> None:
        """Go on to the next frame, at first without a detection; frames that are missing have none either."""
        self.filter.predict(time, motion)
        moved = motion.move(np.array(self._trail))
        self._trail = deque(moved, maxlen=self._trail.maxlen)
        self.missed += time
        self._window.extend([False] * (round(time) - 1))
        self.detected = False

    def hit(
        self, point: NDArray[np.float64], box: NDArray[np.float64], score: float, votes: Mapping[str, float]
    ) -> None:
        """Take the detection of this frame."""
        self.filter.correct(point)
        self._edges = box - np.tile(point, 2)
        self._score = score
        for name, vote in votes.items():
            self._votes[name] += vote
        self.hits += 1
        self.missed = 0.0
        self.detected = True

    def settle(self) -> None:
        """The frame is done: remember whether there was a detection, and tell whether it moves."""
        self._window.append(self.detected)
        self._trail.append(self.filter.position.copy())
        if self.moving or not self.detected:
            return
        ago = min(len(self._trail) - 1, self.options.still_frames)
        if np.hypot(*(self._trail[-1] - self._trail[-1 - ago])) >= self.options.still_distance:
            self.moving = True
        elif ago == self.options.still_frames:
            self.moving = False

    def point(self, frame: int) -> TrackPoint:
        """What is said of it in this frame."""
        assert self.id is not None, 'only confirmed tracks have an id'
        x, y = self.filter.position.tolist()
        vx, vy = self.filter.velocity.tolist()
        x0, y0, x1, y1 = (self._edges + (x, y, x, y)).tolist()
        name = max(self._votes, key=self._votes.__getitem__, default=None)
        total = sum(self._votes.values())
        return TrackPoint(
            frame=frame,
            id=self.id,
            x=x,
            y=y,
            vx=vx,
            vy=vy,
            x0=x0,
            y0=y0,
            x1=x1,
            y1=y1,
            score=self._score,
            detected=self.detected,
            moving=self.moving,
            first=self.first,
            hits=self.hits,
            class_name=name,
            class_share=None if name is None else self._votes[name] / total if total else 1 / len(self._votes),
            trail=np.array(self._trail)[-TRAIL:],
        )
