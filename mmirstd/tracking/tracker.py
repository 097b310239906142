"""Detections of points to tracks, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .assignment import assign
from .camera_motion import CameraMotion, CameraMotionEstimator
from .class_votes import class_votes
from .options import TrackOptions
from .track import Track
from .track_point import TrackPoint


class PointTracker:
    """Joins detections of small targets to tracks as the frames come.

    Each track is a Kalman filter of nearly constant velocity over the background.  Confirmed tracks choose their
    detections first, then tentative ones; of what remains each detection begins a tentative track.  A track is
    confirmed when M of N frames in a row have a detection of it.  It coasts without detections for some frames, and
    then ends; it also ends where it leaves the image.

    A frame that is the very frame before it again (a video whose rate was changed) says nothing new: the tracks stay as
    they are, and it counts as no frame of M of N.  Where the camera jumps, all tracks end.

    Motion decides which detection belongs to a track, not its class.  A track has the class with the greatest sum of
    scores over its detections so far.  Boxes of two classes that overlap by half (IoU) are one detection.

    Args:
        options: How.
        estimator: Of the camera's motion; None: a new one.

    Attributes:
        jumps: Frames so far whose place is another than that of the frame before.
        repeats: Frames so far that are the frame before again.
    """

    def __init__(self, options: TrackOptions | None = None, estimator: CameraMotionEstimator | None = None) -> None:
        self.options = options or TrackOptions()
        self._estimator = estimator or CameraMotionEstimator()
        self.reset()

    def reset(self) -> None:
        """Begin another sequence."""
        self._tracks: list[Track] = []
        self._next_id = 1
        self._frame = -1
        self._image: NDArray[np.generic] | None = None
        self.jumps: list[int] = []
        self.repeats = 0
        self._estimator.reset()

    def interrupt(self) -> None:
        """End all tracks: what comes next is another view, of another size perhaps.  New tracks have further ids."""
        self._tracks = []
        self._image = None
        self._estimator.reset()

    def update(
        self,
        points: ArrayLike,
        scores: ArrayLike | None = None,
        boxes: ArrayLike | None = None,
        image: NDArray[np.generic] | None = None,
        time: float = 1.0,
        frame: int | None = None,
        classes: Sequence[str] | None = None,
    ) -> list[TrackPoint]:
        """The confirmed tracks in the next frame, in the order of their ids.

        Args:
            points: (N, 2) x, y of the detections in pixels.
            scores: (N,); None: all 1.
            boxes: (N, 4) edges x0, y0, x1, y1; None: one pixel each.
            image: (H, W) the frame, from which the camera's motion is measured; None: the camera stands still.
            time: Frames from the last one: more than 1 where frames are missing.
            frame: Its number; None: the next.
            classes: (N,) names of the detections' classes; None: there is one class.

        Raises:
            ValueError: Detections that do not go together or are not finite, a frame that is no gray image or has
                another size than the one before, or time that does not go on.
        """
        points, scores, boxes = _checked(points, scores, boxes)
        if classes is not None and len(classes) != len(points):
            raise ValueError(f'{len(classes)} classes for {len(points)} points; expected one for each')
        if image is not None and image.ndim != 2:
            raise ValueError(f'a frame of shape {image.shape}; expected gray values (H, W)')
        if not time > 0:
            raise ValueError(f'time is {time}; expected more than 0 frames from the last one')
        self._frame = self._frame + 1 if frame is None else frame
        if self._is_repeated(image):
            self.repeats += 1
            return self._given()
        motion = self._motion(image)
        if motion.lost:
            self.jumps.append(self._frame)
            self._tracks = []
        for track in self._tracks:
            track.predict(time, motion)
        # a gap of missing frames may be too long to coast over
        self._tracks = [track for track in self._tracks if track.missed <= self.options.coast + 1]
        votes: list[dict[str, float]] = [{} for _ in points]
        if classes is not None:
            kept, votes = class_votes(boxes, scores, classes)
            points, scores, boxes = points[kept], scores[kept], boxes[kept]
        free = np.ones(len(points), bool)
        for confirmed in (True, False):
            tracks = [track for track in self._tracks if track.confirmed == confirmed]
            rest = np.flatnonzero(free)
            for row, column in assign(tracks, points[rest], time):
                index = rest[column]
                tracks[row].hit(points[index], boxes[index], float(scores[index]), votes[index])
                free[index] = False
        for track in self._tracks:
            track.settle()
        self._tracks += [
            Track(self._frame, points[index], boxes[index], float(scores[index]), self.options, votes[index])
            for index in np.flatnonzero(free)
        ]
        self._confirm(self._tracks)
        self._tracks = [track for track in self._tracks if not track.ended and self._is_inside(track)]
        return self._given()

    def _given(self) -> list[TrackPoint]:
        given = [track.point(self._frame) for track in self._tracks if track.confirmed]
        if self.options.moving_only:
            given = [point for point in given if point.moving]
        return sorted(given, key=lambda point: point.id)

    def _confirm(self, tracks: Sequence[Track]) -> None:
        for track in tracks:
            if not track.confirmed and track.has_enough:
                track.id = self._next_id
                self._next_id += 1

    def _is_repeated(self, image: NDArray[np.generic] | None) -> bool:
        before, self._image = self._image, image
        if image is None or before is None:
            return False
        if image.shape != before.shape:
            raise ValueError(
                f'frame {self._frame} has {image.shape[1]}x{image.shape[0]} pixels, those before it '
                f'{before.shape[1]}x{before.shape[0]}; expected one size in a sequence\n  cure: reset() at the start '
                'of another sequence'
            )
        return np.array_equal(image, before)

    def _motion(self, image: NDArray[np.generic] | None) -> CameraMotion:
        if image is None or self.options.camera == 'still':
            return CameraMotion.still()
        return self._estimator(image)

    def _is_inside(self, track: Track) -> bool:
        if self._image is None:
            return True
        x, y = track.filter.position.tolist()
        height, width = self._image.shape
        inside: bool = -0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5
        return inside


def _checked(
    points: ArrayLike, scores: ArrayLike | None, boxes: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Detections as arrays (N, 2), (N,), (N, 4), see :meth:`PointTracker.update`.

    Other shapes are refused: (N, 3) with the scores beside the points would read as other points.
    """
    places = np.asarray(points, np.float64)
    if not places.size:
        places = places.reshape(0, 2)
    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(f'points of shape {places.shape}; expected (N, 2): x, y of each detection')
    count = len(places)
    given = np.ones(count) if scores is None else np.asarray(scores, np.float64)
    edges = np.hstack((places, places + 1)) if boxes is None else np.asarray(boxes, np.float64)
    if not edges.size:
        edges = edges.reshape(0, 4)
    for name, array, shape in (('scores', given, (count,)), ('boxes', edges, (count, 4))):
        if array.shape != shape:
            raise ValueError(f'{name} of shape {array.shape} for {count} points; expected {shape}')
    if not (np.isfinite(places).all() and np.isfinite(edges).all() and np.isfinite(given).all()):
        raise ValueError('points, scores or boxes hold NaN or infinity; expected finite numbers')
    return places, given, edges
