"""A still image: background, targets with the requested SCR, camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import cv2
import numpy as np

from mmirstd.utils.scr import ROUNDING_SIGMA, LocalStatistics, local_scr, neighborhood

from .backgrounds import render_background
from .config import SceneConfig, TargetConfig
from .sensor import Sensor
from .targets import Profile, TargetShape, draw_count, draw_shape, fit_shape, render_profile, solve_strength


@dataclass(frozen=True)
class TargetRecord:
    """What is known about one target in one image; this is what the annotation holds.

    Attributes:
        id: Number of the target in its image (or of its track in the sequence), from 0.
        centroid: (x, y) of its true center, px; (0, 0) is the center of the top left pixel.
        bbox: (x, y, width, height) of its mask, px; the box covers pixels x .. x + width - 1.
        area: Pixels in its mask.
        shape: 'point', 'gaussian' or 'ellipse'.
        size: (major, minor) full widths before the PSF, px; (0, 0) for a point.
        angle: Direction of the major axis, degrees, 0 along x, turning toward +y (down).
        psf_sigma: Standard deviation of the PSF, px.
        polarity: 'hot' or 'cold' against what is behind it (before a black-hot camera inverts both).
        scr_requested: The signal-to-clutter ratio asked for.
        scr_local: The one measured in the written image (see `mmirstd.utils.scr.local_scr`).
        contrast: Mean over the mask minus mean over the neighborhood, counts.
        background_sigma: Standard deviation over the neighborhood, counts.
        peak: The mask's value farthest from the neighborhood's mean, counts.
        background: Kind of the background, 'sky', 'cloud', 'sea' or 'ground'.
    """

    id: int
    centroid: tuple[float, float]
    bbox: tuple[int, int, int, int]
    area: int
    shape: str
    size: tuple[float, float]
    angle: float
    psf_sigma: float
    polarity: str
    scr_requested: float
    scr_local: float
    contrast: float
    background_sigma: float
    peak: float
    background: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON data: tuples as lists, floats to 4 decimals."""

        def plain(value: Any) -> Any:
            if isinstance(value, float):
                return round(value, 4)
            return [plain(v) for v in value] if isinstance(value, tuple) else value

        return {key: plain(value) for key, value in asdict(self).items()}


@dataclass
class Scene:
    """A rendered image.

    Attributes:
        image: (H, W) uint8 (8 bit) or uint16 (14 bit, 0..16383).
        mask: (H, W) uint8, 1 on targets.
        targets: One record per target.
        background: Kind of the background.
        variant: Kind of cloud, sea or ground.
        target_masks: (H, W) uint8 masks of 0 and 1, one per target; their union is ``mask``.
        clutter: (x, y) of each piece of clutter that looks like a target, px.
    """

    image: np.ndarray
    mask: np.ndarray
    targets: list[TargetRecord]
    background: str
    variant: str
    target_masks: list[np.ndarray]
    clutter: list[tuple[float, float]] = field(default_factory=list)


def draw_scr(config: TargetConfig, rng: np.random.Generator) -> float:
    """Draw a requested SCR, log-uniformly."""
    low, high = np.log(config.scr)
    return float(np.exp(rng.uniform(low, high)))


def union_mask(profiles: list[Profile], shape: tuple[int, int]) -> np.ndarray:
    """All targets' masks in one, (H, W) uint8 of 0 and 1."""
    out = np.zeros(shape, np.uint8)
    for profile in profiles:
        out[profile.window] |= profile.mask
    return out


def signal_statistics(signal: np.ndarray, mask: np.ndarray, everything: np.ndarray, full_scale: int) -> LocalStatistics:
    """The statistics of `local_scr` in signal units (0 to 1), for a signal that is not yet quantized."""
    window, _ = neighborhood(mask, everything)
    # Rounding only where it is measured: the rest of the frame does not matter yet.
    counts = np.rint(np.clip(signal[window], 0, 1) * np.float32(full_scale))
    stats = local_scr(counts, mask[window], everything[window], floor=ROUNDING_SIGMA)
    return LocalStatistics(
        stats.scr,
        *(v / full_scale for v in (stats.target_mean, stats.background_mean, stats.background_sigma, stats.peak)),
    )


def requested_strength(
    signal: np.ndarray,
    profile: Profile,
    scr: float,
    cold: bool,
    everything: np.ndarray,
    full_scale: int,
    with_targets: np.ndarray | None = None,
) -> float:
    """The strength with which a target reaches an SCR.

    Args:
        signal: (H, W) float32: everything but this target.
        profile: The target.
        scr: The requested ratio.
        cold: Whether it is colder than its neighborhood.
        everything: (H, W), non-zero on all targets of the image.
        full_scale: The largest count.
        with_targets: (H, W) float32: the frame with all targets, in which the neighborhood is measured. Default:
            ``signal``.
    """
    mask = profile.full_mask(signal.shape)
    stats = signal_statistics(signal if with_targets is None else with_targets, mask, everything, full_scale)
    sign = -1 if cold else 1
    goal = stats.background_mean + sign * scr * stats.background_sigma
    inside = profile.mask
    return solve_strength(signal[profile.window][inside], profile.values[inside], goal, cold)


def measure(image: np.ndarray, profile: Profile, everything: np.ndarray) -> LocalStatistics:
    """`local_scr` of a target in a finished image."""
    return local_scr(image, profile.full_mask(image.shape), everything)


@dataclass
class _Placed:
    shape: TargetShape
    x: float
    y: float
    profile: Profile
    scr: float
    cold: bool


def _edge_pixels(signal: np.ndarray, border: float) -> np.ndarray:
    """(N, 2) x and y of the pixels with the strongest 5% of gradients."""
    smooth = cv2.GaussianBlur(signal, (0, 0), 2.0)
    gradient = np.asarray(
        cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)), np.float32
    )
    margin = int(np.ceil(border)) + 1
    inner = gradient[margin:-margin, margin:-margin]
    y, x = np.nonzero(inner >= np.quantile(inner[::2, ::2], 0.95))
    return np.stack((x, y), axis=1) + margin


def _draw_position(config: SceneConfig, edges: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    height, width = config.size
    border = config.targets.border
    limit = np.array((width - 1 - border, height - 1 - border))
    if len(edges) and rng.random() < config.targets.edge_prob:
        # Up to a few px off the edge, on either side of it.
        position = edges[int(rng.integers(len(edges)))] + rng.normal(0, 3, 2)
    else:
        position = rng.uniform((border, border), limit)
    x, y = np.clip(position, border, limit)
    return float(x), float(y)


def _place_target(
    config: SceneConfig,
    sensor: Sensor,
    signal: np.ndarray,
    edges: np.ndarray,
    placed: list[_Placed],
    rng: np.random.Generator,
    others: Sequence[_Placed] = (),
) -> _Placed | None:
    """Find a place where the requested SCR can be had; None when the image is too crowded for the spacing.

    ``others`` keep the spacing, too, but count as background.

    The ratio is drawn anew for each place: what a flat sky can take is too weak for ground clutter, and the other way
    round.
    """
    targets = config.targets
    shape = fit_shape(draw_shape(targets, rng), sensor.psf_sigma, targets)
    cold = bool(rng.random() < targets.cold_prob)
    best, best_flaw = None, np.inf
    for _ in range(targets.tries):
        x, y = _draw_position(config, edges, rng)
        scr = draw_scr(targets, rng)
        if any(np.hypot(x - p.x, y - p.y) < targets.spacing for p in (*placed, *others)):
            continue
        profile = render_profile(shape, x, y, sensor.psf_sigma, config.size, targets.mask_level)
        mask = profile.full_mask(config.size)
        everything = mask | union_mask([p.profile for p in placed], config.size)
        stats = signal_statistics(signal, mask, everything, sensor.full_scale)
        sign = -1 if cold else 1
        contrast = scr * stats.background_sigma
        goal = stats.background_mean + sign * contrast
        # What the place itself is brighter (darker) than its neighborhood by.
        head_start = sign * (stats.target_mean - stats.background_mean)
        # A target must stand out by itself, fit into the range, and be strong enough to be seen.
        flaw = (
            max(0.0, head_start - 0.5 * contrast)
            + 2 * max(0.0, goal - 0.97, 0.03 - goal)
            + max(0.0, targets.min_contrast - contrast)
        )
        if flaw < best_flaw:
            best, best_flaw = _Placed(shape, x, y, profile, scr, cold), flaw
        if flaw == 0:
            break
    return best


def add_targets(signal: np.ndarray, profiles: list[Profile], strengths: list[float]) -> np.ndarray:
    """A copy of a signal with targets added, (H, W) float32."""
    out = signal.copy()
    for profile, strength in zip(profiles, strengths):
        out[profile.window] += np.float32(strength) * profile.values
    return out


def solve_all(
    signal: np.ndarray, profiles: list[Profile], scrs: list[float], cold: list[bool], full_scale: int, rounds: int = 3
) -> list[float]:
    """The strengths with which several targets reach their SCRs together.

    A target's tail reaches its own and its neighbors' neighborhoods, so strengths are found in a few rounds, each
    measuring the frame that the round before made.
    """
    strengths = [0.0] * len(profiles)
    everything = union_mask(profiles, signal.shape)
    for _ in range(rounds):
        frame = add_targets(signal, profiles, strengths)
        for k, profile in enumerate(profiles):
            own = np.float32(strengths[k]) * profile.values
            frame[profile.window] -= own
            without = frame[profile.window].copy()
            strengths_k = requested_strength(
                frame, profile, scrs[k], cold[k], everything, full_scale, add_targets(frame, [profile], [strengths[k]])
            )
            frame[profile.window] = without + np.float32(strengths_k) * profile.values
            strengths[k] = strengths_k
    return strengths


def make_record(
    number: int,
    shape: TargetShape,
    x: float,
    y: float,
    profile: Profile,
    sensor: Sensor,
    scr: float,
    cold: bool,
    stats: LocalStatistics,
    background: str,
) -> TargetRecord:
    """Put together what is known about a target in a finished image."""
    return TargetRecord(
        id=number,
        centroid=(float(x), float(y)),
        bbox=profile.bbox(),
        area=int(profile.mask.sum()),
        shape=shape.kind,
        size=shape.size,
        angle=shape.angle,
        psf_sigma=sensor.psf_sigma,
        polarity='cold' if cold else 'hot',
        scr_requested=float(scr),
        scr_local=stats.scr,
        contrast=stats.target_mean - stats.background_mean,
        background_sigma=stats.background_sigma,
        peak=stats.peak,
        background=background,
    )


def _place_all(
    config: SceneConfig,
    sensor: Sensor,
    signal: np.ndarray,
    rng: np.random.Generator,
    others: Sequence[_Placed] = (),
) -> tuple[list[_Placed], np.ndarray]:
    """Place the targets of an image; returns them, and the signal with them."""
    wanted = draw_count(config.targets, rng)
    placed: list[_Placed] = []
    edges = _edge_pixels(signal, config.targets.border) if wanted else np.empty((0, 2))
    for _ in range(wanted):
        found = _place_target(config, sensor, signal, edges, placed, rng, others)
        if found is not None:
            placed.append(found)
    profiles = [p.profile for p in placed]
    strengths = solve_all(signal, profiles, [p.scr for p in placed], [p.cold for p in placed], sensor.full_scale)
    return placed, add_targets(signal, profiles, strengths)


def render_scene(config: SceneConfig, rng: np.random.Generator) -> Scene:
    """Render one still image.

    The order is that of a camera: background, optics, gain, noise; then the targets, whose profiles already hold the
    optics, with the strength that gives the requested SCR against the noisy background; then clipping, polarity and
    quantization. The SCR is measured again in the result.

    Args:
        config: What to render.
        rng: Source of randomness; the same state gives the same scene.
    """
    background = render_background(config.backgrounds, config.size, rng)
    sensor = Sensor.draw(config.sensor, config.size, rng)
    signal = sensor.noise(sensor.expose_to(background.temperature), rng)
    clutter: list[_Placed] = []
    if config.clutter.any:
        like_targets = replace(config, targets=config.clutter)
        clutter, signal = _place_all(like_targets, sensor, signal, rng)
    placed, signal = _place_all(config, sensor, signal, rng, clutter)
    image = sensor.quantize(signal)
    profiles = [p.profile for p in placed]
    mask = union_mask(profiles, config.size)
    records = [
        make_record(
            k, p.shape, p.x, p.y, p.profile, sensor, p.scr, p.cold, measure(image, p.profile, mask), background.kind
        )
        for k, p in enumerate(placed)
    ]
    return Scene(
        image,
        mask,
        records,
        background.kind,
        background.variant,
        [p.full_mask(config.size) for p in profiles],
        [(p.x, p.y) for p in clutter],
    )
