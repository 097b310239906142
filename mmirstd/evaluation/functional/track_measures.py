"""How good tracks are: found targets, false tracks an hour, time to confirm, and the measures of identity."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mmirstd.utils.errors import UserError

#: Track points of one frame: (N, 4) id, x, y, detected (1, or 0 where the track coasts).
Points = NDArray[np.float64]
#: Targets of one frame: (M, 5) id of the target, and its box by edges x0, y0, x1, y1.
Truth = NDArray[np.float64]


@dataclass
class SequenceTracks:
    """Targets and tracks of one sequence.

    Attributes:
        name: Of the sequence.
        truth: Targets of each frame.
        points: Tracks of each frame.
        fps: Frames a second.
        target_classes: Of the targets of each frame; empty: they have none.
        track_classes: Likewise of the tracks.
    """

    name: str
    truth: list[Truth]
    points: list[Points]
    fps: float
    target_classes: list[list[str]] = field(default_factory=list)
    track_classes: list[list[str]] = field(default_factory=list)


@dataclass
class TrackMeasures:
    """Measures of tracks over one or more sequences.

    Attributes:
        frames: Frames.
        hours: Of video.
        target_frames: Targets in all frames.
        covered: Those of them with a track on them.
        targets: Targets (all frames of one count once).
        found: Those of them with a track on them in some frame.
        tracks: Confirmed tracks.
        false_tracks: Tracks of which less than half of the detections are on a target.
        delays: Frames from a found target's first frame to the first with a track on it.
        named: Where both have classes: (class of a target, that of the track on it) -> frames of targets; None: there
            is no track on it.
    """

    frames: int = 0
    hours: float = 0.0
    target_frames: int = 0
    covered: int = 0
    targets: int = 0
    found: int = 0
    tracks: int = 0
    false_tracks: int = 0
    delays: list[int] = field(default_factory=list)
    named: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def add(self, other: TrackMeasures) -> None:
        """Take the counts of another sequence in."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def figures(self) -> dict[str, float]:
        """The measures; NaN where there is nothing to divide by."""
        return {
            'Pd': self.covered / self.target_frames if self.target_frames else np.nan,
            'targets found': self.found / self.targets if self.targets else np.nan,
            'false tracks/h': self.false_tracks / self.hours if self.hours else np.nan,
            'frames to confirm': float(np.median(self.delays)) if self.delays else np.nan,
        }


def nearness(truth: Truth, points: Points, margin: float) -> NDArray[np.float64]:
    """How near track points are to targets, (M, N) in [0, 1].

    1 inside of the box, 0.5 at ``margin`` pixels outside of it, 0 at twice of that and beyond.
    """
    # a box by its edges, a position by the center of its pixel
    low, high = truth[:, None, 1:3] - 0.5, truth[:, None, 3:5] - 0.5
    place = points[None, :, 1:3]
    outside = np.maximum(np.maximum(low - place, place - high), 0)
    distance = np.hypot(outside[..., 0], outside[..., 1])
    near: NDArray[np.float64] = np.clip(1 - distance / (2 * margin), 0, 1)
    return near


def measure_tracks(sequence: SequenceTracks, margin: float = 3.0) -> TrackMeasures:
    """The measures of one sequence.

    Args:
        sequence: Targets and tracks.
        margin: A track is on a target when it is inside of its box, or at most so many pixels outside.
    """
    covered: dict[float, int] = {}
    first_seen: dict[float, int] = {}
    on_target: dict[float, int] = defaultdict(int)
    detections: dict[float, int] = defaultdict(int)
    result = TrackMeasures(frames=len(sequence.truth), hours=len(sequence.truth) / sequence.fps / 3600, target_frames=0)
    for frame, (truth, points) in enumerate(zip(sequence.truth, sequence.points)):
        near = nearness(truth, points, margin)
        rows, columns = linear_sum_assignment(-near)
        pairs = [(row, column) for row, column in zip(rows, columns) if near[row, column] >= 0.5]
        result.target_frames += len(truth)
        result.covered += len(pairs)
        for target in truth[:, 0]:
            first_seen.setdefault(target, frame)
        for row, _ in pairs:
            covered.setdefault(truth[row, 0], frame)
        if sequence.target_classes and sequence.track_classes:
            given = {row: sequence.track_classes[frame][column] for row, column in pairs}
            result.named.update((name, given.get(row)) for row, name in enumerate(sequence.target_classes[frame]))
        # a second track on a target is none of clutter
        good = near.max(0, initial=0) >= 0.5
        for (track, _, _, detected), on in zip(points, good):
            detections[track] += int(detected)
            on_target[track] += int(detected and on)
    result.targets, result.found = len(first_seen), len(covered)
    result.tracks = len(detections)
    result.false_tracks = sum(2 * on_target[track] < max(count, 1) for track, count in detections.items())
    result.delays = [frame - first_seen[target] for target, frame in covered.items()]
    return result


def identity_measures(sequences: Sequence[SequenceTracks], margin: float = 3.0) -> dict[str, float]:
    """IDF1 and what belongs to it over all sequences, by the package motmetrics.

    Args:
        sequences: Targets and tracks.
        margin: As of :func:`measure_tracks`.

    Returns:
        ``IDF1``, ``ID precision``, ``ID recall``, and the count of ``ID switches``.

    Raises:
        UserError: motmetrics is not installed.
    """
    try:
        import motmetrics
    except ImportError as error:
        raise UserError('IDF1 needs the package motmetrics', cure='pip install "mmirstd[track]"') from error
    kept = []
    for sequence in sequences:
        events = motmetrics.MOTAccumulator(auto_id=True)
        for truth, points in zip(sequence.truth, sequence.points):
            near = nearness(truth, points, margin)
            events.update(truth[:, 0], points[:, 0], np.where(near >= 0.5, 1 - near, np.nan))
        kept.append(events)
    names = {'idf1': 'IDF1', 'idp': 'ID precision', 'idr': 'ID recall', 'num_switches': 'ID switches'}
    table = motmetrics.metrics.create().compute_many(kept, metrics=list(names), generate_overall=True)
    return {shown: float(table.loc['OVERALL', name]) for name, shown in names.items()}
