"""Where targets and camera go: positions per frame, in px."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .config import SequenceConfig
from .targets import draw_count


@dataclass(frozen=True)
class Track:
    """The path of one target.

    Attributes:
        kind: 'constant', 'turning' or 'crossing'.
        positions: (num_frames, 2) float64, x and y in the image, px; positions outside the image are possible.
        partner: Index of the track that this one crosses, or None.
        meeting_frame: When it crosses its partner, frames (fractional), or None.
    """

    kind: str
    positions: np.ndarray
    partner: int | None = None
    meeting_frame: float | None = None


def camera_path(config: SequenceConfig, rng: np.random.Generator) -> np.ndarray:
    """The camera's pointing: constant drift with jitter.

    Returns:
        (num_frames, 2) float64: how far, x and y in px, the view has moved over the background. The first is (0, 0).
    """
    speed, angle = rng.uniform(*config.drift), rng.uniform(0, 2 * np.pi)
    time = np.arange(config.num_frames)[:, None]
    path = time * speed * np.array((np.cos(angle), np.sin(angle)))
    path = path + rng.normal(0, 1, path.shape) * config.jitter
    return path - path[0]


def constant_velocity(num_frames: int, start: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """(num_frames, 2) positions from ``start`` with ``velocity``, px/frame."""
    return np.asarray(start, float) + np.arange(num_frames)[:, None] * np.asarray(velocity, float)


def turning(num_frames: int, start: np.ndarray, velocity: np.ndarray, turn_rate: float) -> np.ndarray:
    """A coordinated turn: the speed stays, the direction changes by ``turn_rate`` degrees per frame.

    Returns:
        (num_frames, 2) positions on a circle, the first at ``start``; positive rates turn from +x to +y (down).
    """
    omega = np.deg2rad(turn_rate)
    vx, vy = velocity
    if abs(omega) < 1e-9:
        return constant_velocity(num_frames, start, velocity)
    angle = omega * np.arange(num_frames)
    # The integral of the turned velocity; exact, so that the radius does not depend on the frame rate.
    x = (vx * np.sin(angle) - vy * (1 - np.cos(angle))) / omega
    y = (vx * (1 - np.cos(angle)) + vy * np.sin(angle)) / omega
    return np.asarray(start, float) + np.stack((x, y), axis=1)


def fixed_spots(config: SequenceConfig, camera: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Where spots that are fixed to the background are seen.

    Their number is drawn from ``scene.clutter.count`` for each image area of the background that comes into view, and
    they keep ``scene.clutter.spacing``; where the background is too crowded for it there are fewer.

    Args:
        config: The sequence.
        camera: (num_frames, 2), see `camera_path`.
        rng: Source of randomness.

    Returns:
        Of each, (num_frames, 2) positions in the image, px; positions outside it are possible.
    """
    clutter, frame = config.scene.clutter, np.array((config.scene.size[1], config.scene.size[0]))
    low, high = camera.min(0), camera.max(0) + frame - 1
    areas = float(np.prod((high - low + 1) / frame))
    wanted = sum(draw_count(clutter, rng) for _ in range(int(areas)))
    wanted += int(draw_count(clutter, rng) * (areas % 1) + rng.random())
    places: list[np.ndarray] = []
    for _ in range(wanted):
        for _ in range(clutter.tries):
            place = rng.uniform(low, high)
            if all(np.hypot(*(place - other)) >= clutter.spacing for other in places):
                places.append(place)
                break
    return [place - camera for place in places]


def visible(positions: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """(num_frames,) bool: whether a target's center is inside the image of (height, width)."""
    height, width = frame
    x, y = positions[:, 0], positions[:, 1]
    return (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)


def _velocity(config: SequenceConfig, rng: np.random.Generator) -> np.ndarray:
    speed, angle = rng.uniform(*config.speed), rng.uniform(0, 2 * np.pi)
    return speed * np.array((np.cos(angle), np.sin(angle)))


def _candidate(kind: str, config: SequenceConfig, camera: np.ndarray, rng: np.random.Generator) -> list[Track]:
    """One try at a track, or at two that cross; the camera's motion is taken off."""
    height, width = config.scene.size
    frames = config.num_frames
    # A track is laid through a point of the image at some time: drawn at random, targets also enter and leave.
    anchor_time = float(rng.uniform(0, frames - 1)) if frames > 1 else 0.0
    anchor = rng.uniform((0, 0), (width - 1, height - 1))
    eye = np.array([np.interp(anchor_time, np.arange(frames), camera[:, k]) for k in (0, 1)])
    anchor = anchor + eye
    time = np.arange(frames)[:, None] - anchor_time
    velocity = _velocity(config, rng)
    if kind == 'crossing':
        other = _velocity(config, rng)
        return [Track(kind, anchor + time * v - camera, meeting_frame=anchor_time) for v in (velocity, other)]
    if kind == 'turning':
        rate = float(rng.uniform(*config.turn_rate)) * (1 if rng.random() < 0.5 else -1)
        path = turning(frames, np.zeros(2), velocity, rate)
        middle = path[int(round(anchor_time))]
        return [Track(kind, path - middle + anchor - camera)]
    return [Track(kind, anchor + time * velocity - camera)]


def _acceptable(tracks: list[Track], placed: list[Track], config: SequenceConfig) -> bool:
    frame = config.scene.size
    for track in tracks:
        seen = visible(track.positions, frame)
        if seen.mean() < config.min_visible:
            return False
        for other in placed:
            both = seen & visible(other.positions, frame)
            gap = np.hypot(*(track.positions - other.positions).T)
            if both.any() and gap[both].min() < config.scene.targets.spacing:
                return False
    if len(tracks) == 2:
        # Two that fly side by side do not cross: they must be apart at one end at least.
        gap = np.hypot(*(tracks[0].positions - tracks[1].positions).T)
        return bool(max(gap[0], gap[-1]) >= min(config.scene.targets.spacing, 0.25 * len(gap)))
    return True


def draw_tracks(config: SequenceConfig, camera: np.ndarray, rng: np.random.Generator, tries: int = 200) -> list[Track]:
    """Draw the tracks of a sequence.

    The number is drawn from ``scene.targets.count``; a pair of crossing tracks counts as two and is drawn only where
    two are left. A track for which no path is found that is visible long enough and keeps its distance from the
    others is left out, so the number is an upper limit when the image is crowded.

    Args:
        config: The sequence.
        camera: (num_frames, 2), see `camera_path`.
        rng: Source of randomness.
        tries: Paths tried per track.
    """
    wanted = draw_count(config.scene.targets, rng)
    tracks: list[Track] = []
    while wanted > 0:
        kinds = {k: w for k, w in config.trajectories.items() if wanted >= 2 or k != 'crossing'}
        if not kinds or sum(kinds.values()) <= 0:
            # Only crossing pairs are asked for, and one track is left over.
            kinds = {'constant': 1.0}
        chances = np.array(list(kinds.values()))
        kind = list(kinds)[int(rng.choice(len(kinds), p=chances / chances.sum()))]
        found: list[Track] = []
        for _ in range(tries):
            found = _candidate(kind, config, camera, rng)
            if _acceptable(found, tracks, config):
                break
            found = []
        first = len(tracks)
        if len(found) == 2:
            found = [Track(t.kind, t.positions, first + 1 - k, t.meeting_frame) for k, t in enumerate(found)]
        tracks.extend(found)
        wanted -= 2 if kind == 'crossing' else 1
    return tracks
