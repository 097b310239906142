"""An image sequence: a drifting camera over one scene, targets on their tracks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .backgrounds import render_background
from .config import SequenceConfig, TargetConfig
from .scene import (
    Scene,
    TargetRecord,
    add_targets,
    draw_scr,
    make_record,
    measure,
    requested_strength,
    signal_statistics,
    solve_all,
    union_mask,
)
from .sensor import Sensor
from .targets import Profile, TargetShape, draw_shape, fit_shape, render_profile
from .trajectories import Track, camera_path, draw_tracks, fixed_spots, visible


@dataclass
class Sequence:
    """A rendered sequence.

    Attributes:
        frames: One `Scene` per frame; a target's ``id`` is the number of its track.
        tracks: The path of each target, in image coordinates, frames out of sight included.
        camera: (num_frames, 2), how far the view has moved over the background, px.
        background: Kind of the background.
        variant: Kind of cloud, sea or ground.
    """

    frames: list[Scene]
    tracks: list[Track]
    camera: np.ndarray
    background: str
    variant: str


@dataclass
class _Actor:
    """A target on its track, or a piece of clutter that is fixed to the background."""

    looks: TargetConfig
    positions: np.ndarray
    shape: TargetShape
    scr: float
    cold: bool
    seen: np.ndarray
    strength: float = 0.0

    @classmethod
    def draw(
        cls,
        looks: TargetConfig,
        positions: np.ndarray,
        sensor: Sensor,
        frame: tuple[int, int],
        rng: np.random.Generator,
    ) -> _Actor:
        shape = fit_shape(draw_shape(looks, rng), sensor.psf_sigma, looks)
        scr, cold = draw_scr(looks, rng), bool(rng.random() < looks.cold_prob)
        return cls(looks, positions, shape, scr, cold, visible(positions, frame))


def _canvas(camera: np.ndarray, frame: tuple[int, int]) -> tuple[tuple[int, int], np.ndarray]:
    """Size of a canvas that the camera never leaves, and where its first view's corner lies on it (x, y)."""
    pad = 4  # The interpolation kernel's reach.
    low = np.floor(camera.min(0)).astype(int) - pad
    high = np.ceil(camera.max(0)).astype(int) + pad
    width, height = np.array((frame[1], frame[0])) + high - low
    return (int(height), int(width)), -low


def _view(canvas: np.ndarray, corner: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """The part of the canvas whose top left pixel is at ``corner`` (x, y), sub-pixel, bicubic."""
    move = np.array(((1, 0, corner[0]), (0, 1, corner[1])), np.float64)
    return cv2.warpAffine(
        canvas,
        move,
        (frame[1], frame[0]),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def _profile(actor: _Actor, time: int, sensor: Sensor, config: SequenceConfig) -> Profile | None:
    """The actor's profile in a frame; None where it is out of sight or nothing of its mask is left."""
    if not actor.seen[time]:
        return None
    x, y = actor.positions[time]
    profile = render_profile(actor.shape, x, y, sensor.psf_sigma, config.scene.size, actor.looks.mask_level)
    return profile if profile.mask.any() else None


def _constant_strength(
    actor: _Actor, signals: list[tuple[int, np.ndarray]], sensor: Sensor, config: SequenceConfig
) -> tuple[float, float]:
    """The median over sampled frames of the strength that each would need, and the median SCR that it gives.

    Both are 0 where the target is not seen in any of the frames.
    """
    views = []
    for time, signal in signals:
        profile = _profile(actor, time, sensor, config)
        if profile is not None:
            everything = profile.full_mask(config.scene.size)
            views.append(
                (
                    requested_strength(signal, profile, actor.scr, actor.cold, everything, sensor.full_scale),
                    signal,
                    profile,
                    everything,
                )
            )
    if not views:
        return 0.0, 0.0
    strength = float(np.median([view[0] for view in views]))
    reached = [
        signal_statistics(add_targets(signal, [profile], [strength]), mask, mask, sensor.full_scale).scr
        for _, signal, profile, mask in views
    ]
    return strength, float(np.median(reached))


def _settle_strength(
    actor: _Actor,
    signals: list[tuple[int, np.ndarray]],
    sensor: Sensor,
    config: SequenceConfig,
    rng: np.random.Generator,
) -> None:
    """Give an actor its constant strength; a request that its surroundings cannot meet is drawn anew."""
    best = np.inf
    choice = (actor.scr, 0.0)
    for _ in range(actor.looks.tries):
        strength, reached = _constant_strength(actor, signals, sensor, config)
        error = abs(np.log(max(reached, 1e-6) / actor.scr))
        if error < best:
            best, choice = error, (actor.scr, strength)
        if error < 0.1 or reached == 0.0:
            break
        actor.scr = draw_scr(actor.looks, rng)
    actor.scr, actor.strength = choice


def render_sequence(config: SequenceConfig, rng: np.random.Generator, strength_samples: int = 15) -> Sequence:
    """Render an image sequence.

    The background is one canvas that the camera drifts over; gain, fixed pattern and stripes stay with the camera,
    temporal noise is new in every frame. See `SequenceConfig.amplitude` for how the SCR is held.

    Args:
        config: What to render.
        rng: Source of randomness; the same state gives the same sequence.
        strength_samples: Frames of a track that are looked at to find its constant strength.
    """
    frame_size = config.scene.size
    camera = camera_path(config, rng)
    canvas_size, origin = _canvas(camera, frame_size)
    background = render_background(config.scene.backgrounds, canvas_size, rng)
    sensor = Sensor.draw(config.scene.sensor, frame_size, rng)
    canvas = sensor.expose_to(background.temperature)
    tracks = draw_tracks(config, camera, rng)
    actors = [_Actor.draw(config.scene.targets, track.positions, sensor, frame_size, rng) for track in tracks]
    # Each frame's noise has a stream of its own, so that a frame can be rendered twice (strength, then image).
    noise_seeds = rng.integers(0, 2**63, config.num_frames)

    clutter: list[_Actor] = []

    def signal_at(time: int) -> np.ndarray:
        view = _view(canvas, origin + camera[time], frame_size)
        signal = sensor.noise(view, np.random.default_rng(noise_seeds[time]))
        shown = [(actor, _profile(actor, time, sensor, config)) for actor in clutter]
        return add_targets(
            signal, [p for _, p in shown if p is not None], [a.strength for a, p in shown if p is not None]
        )

    def settle(actors: list[_Actor]) -> None:
        sampled = np.unique(np.linspace(0, config.num_frames - 1, strength_samples).round().astype(int))
        signals = [(int(t), signal_at(int(t))) for t in sampled] if actors else []
        for actor in actors:
            own = [(t, signal) for t, signal in signals if actor.seen[t]]
            if not own and actor.seen.any():
                # Seen only between the samples.
                time = int(np.flatnonzero(actor.seen)[actor.seen.sum() // 2])
                own = [(time, signal_at(time))]
            _settle_strength(actor, own, sensor, config, rng)

    if config.scene.clutter.any:
        # Known before the targets, whose strength it decides with the rest of the background.
        found = _draw_clutter(config, camera, sensor, rng)
        settle(found)
        clutter.extend(found)
    if config.amplitude == 'constant':
        settle(actors)
    frames = []
    for time in range(config.num_frames):
        signal = signal_at(time)
        shown = [
            (number, actor, profile)
            for number, actor in enumerate(actors)
            if (profile := _profile(actor, time, sensor, config)) is not None
        ]
        profiles = [profile for _, _, profile in shown]
        if config.amplitude == 'constant':
            strengths = [actor.strength for _, actor, _ in shown]
        else:
            strengths = solve_all(
                signal, profiles, [a.scr for _, a, _ in shown], [a.cold for _, a, _ in shown], sensor.full_scale
            )
        image = sensor.quantize(add_targets(signal, profiles, strengths))
        mask = union_mask(profiles, frame_size)
        records: list[TargetRecord] = [
            make_record(
                number,
                actor.shape,
                float(actor.positions[time, 0]),
                float(actor.positions[time, 1]),
                profile,
                sensor,
                actor.scr,
                actor.cold,
                measure(image, profile, mask),
                background.kind,
            )
            for number, actor, profile in shown
        ]
        frames.append(
            Scene(
                image,
                mask,
                records,
                background.kind,
                background.variant,
                [p.full_mask(frame_size) for p in profiles],
                [
                    (float(actor.positions[time, 0]), float(actor.positions[time, 1]))
                    for actor in clutter
                    if actor.seen[time]
                ],
            )
        )
    return Sequence(frames, tracks, camera, background.kind, background.variant)


def _draw_clutter(config: SequenceConfig, camera: np.ndarray, sensor: Sensor, rng: np.random.Generator) -> list[_Actor]:
    looks, found = config.scene.clutter, []
    for positions in fixed_spots(config, camera, rng):
        actor = _Actor.draw(looks, positions, sensor, config.scene.size, rng)
        if rng.random() < looks.flicker:
            actor.seen = actor.seen & (rng.random(config.num_frames) < 0.5)
        found.append(actor)
    return found
