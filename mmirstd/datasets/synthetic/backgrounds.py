"""Backgrounds: temperature maps of skies, clouds, seas and ground, before the camera.

Every renderer takes ``(shape, rng)`` and returns a `Background`, whose ``temperature`` is the apparent temperature in K
relative to an arbitrary zero, float32. A canvas may be larger than a frame (sequences look at a part of it); sizes of
structures are in pixels and do not grow with the canvas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from .fractal import fractal_field, fractal_line, smoothstep, warp
from .structures import (
    draw_buildings,
    draw_hot_spots,
    draw_mast,
    draw_road,
    draw_trees,
    fill_polygon,
)


@dataclass
class Background:
    """A rendered background.

    Attributes:
        temperature: (H, W) float32, K.
        kind: 'sky', 'cloud', 'sea' or 'ground'.
        variant: What kind of cloud, sea or ground.
    """

    temperature: np.ndarray
    kind: str
    variant: str


def _rows(height: int) -> np.ndarray:
    return np.arange(height, dtype=np.float32)[:, None]


def _columns(width: int) -> np.ndarray:
    return np.arange(width, dtype=np.float32)[None, :]


def _clear_sky(shape: tuple[int, int], rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A sky that gets warmer toward the horizon (a longer path through the air), with a trace of haze."""
    height, width = shape
    tilt = float(rng.normal(0, 0.15))
    t = _rows(height) / height + tilt * (_columns(width) / width - 0.5)
    rise = float(rng.uniform(0.3, 6.0)) * strength
    out = rise * np.power(np.clip(t, 0, None), float(rng.uniform(1.0, 3.0)), dtype=np.float32)
    haze = float(rng.uniform(0.02, 0.25))
    return (out + haze * fractal_field(shape, 3.2, rng, stretch=float(rng.uniform(1, 4)))).astype(np.float32)


def _cloud_layer(shape: tuple[int, int], variant: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One layer of cloud: its emissivity (0 to 1) and its temperature, K, above the clear sky."""
    coverage = float(rng.uniform(0.25, 0.7))
    if variant == 'cumulus':
        # Billows: folding the noise at zero makes round lobes with creases between them, as in convection.
        base = warp(fractal_field(shape, float(rng.uniform(3.0, 3.9)), rng), float(rng.uniform(2, 8)), rng)
        lobes = np.abs(warp(fractal_field(shape, 3.0, rng), 4.0, rng))
        density = base - float(rng.uniform(0.2, 0.6)) * (lobes - 0.8)
        sharpness, texture_beta, warmth = float(rng.uniform(1.0, 4.0)), 2.9, float(rng.uniform(4, 16))
    elif variant == 'stratus':
        density = warp(
            fractal_field(
                shape,
                float(rng.uniform(3.0, 3.8)),
                rng,
                stretch=float(rng.uniform(2, 5)),
                angle=float(rng.normal(0, 8)),
            ),
            float(rng.uniform(1, 5)),
            rng,
        )
        sharpness, texture_beta, warmth = float(rng.uniform(0.5, 1.2)), 3.2, float(rng.uniform(1.5, 6))
    else:  # cirrus: ice drawn out by wind shear
        angle = float(rng.uniform(-60, 60))
        fibers = fractal_field(shape, float(rng.uniform(2.4, 3.0)), rng, stretch=float(rng.uniform(5, 12)), angle=angle)
        patches = fractal_field(shape, 3.4, rng, stretch=2.0, angle=angle)
        density = warp(0.75 * fibers + 0.8 * patches, float(rng.uniform(2, 8)), rng, beta=5.0)
        sharpness, texture_beta, warmth = float(rng.uniform(0.6, 1.4)), 2.8, float(rng.uniform(2, 8))
    threshold = float(np.quantile(density[::4, ::4], 1 - coverage))
    # Beer-Lambert: optical thickness grows with density above the threshold, so edges are ragged and cores flat.
    thickness = np.maximum(density - np.float32(threshold), 0) * np.float32(sharpness)
    emissivity = 1 - np.exp(-thickness)
    relief = fractal_field(shape, texture_beta, rng)
    shade = 0.8 + float(rng.uniform(0.08, 0.2)) * relief + float(rng.uniform(0.05, 0.2)) * density
    return emissivity, (np.float32(warmth) * shade).astype(np.float32)


def render_sky(shape: tuple[int, int], rng: np.random.Generator) -> Background:
    """A clear sky; sometimes with the faintest veil of cloud."""
    sky = _clear_sky(shape, rng)
    if rng.random() < 0.4:
        emissivity, warmth = _cloud_layer(shape, 'stratus', rng)
        sky += np.float32(rng.uniform(0.05, 0.3)) * emissivity * warmth
    return Background(sky, 'sky', 'clear')


def render_cloud(shape: tuple[int, int], rng: np.random.Generator) -> Background:
    """One to three layers of cumulus, stratus or cirrus before a sky; near layers hide far ones."""
    variants = ('cumulus', 'stratus', 'cirrus')
    main = variants[int(rng.choice(3, p=(0.5, 0.25, 0.25)))]
    layers = [variants[int(rng.choice(3, p=(0.2, 0.5, 0.3)))] for _ in range(int(rng.integers(0, 3)))] + [main]
    out = _clear_sky(shape, rng, strength=0.6)
    for variant in layers:
        emissivity, warmth = _cloud_layer(shape, variant, rng)
        out += emissivity * (warmth - 0.3 * out)
    return Background(out, 'cloud', main)


def _ground_plane(
    shape: tuple[int, int], horizon: np.ndarray, tile: np.ndarray, scale: float, eye: float, rng: np.random.Generator
) -> np.ndarray:
    """A texture tile laid on a plane and seen in perspective.

    Args:
        shape: (H, W) of the canvas.
        horizon: (1, W), row of the horizon in each column.
        tile: Periodic texture of zero mean.
        scale: Texture pixels per image pixel at the bottom of the canvas.
        eye: How far above the bottom the plane's own horizon is, px beyond the visible one; larger is flatter.
        rng: Source of randomness (the place on the tile).
    """
    height, width = shape
    depth = np.maximum(_rows(height) - horizon, 0) + np.float32(eye)
    near = float(height - float(horizon.min()) + eye)
    stretch = near / depth
    u = (_columns(width) - width / 2) * stretch * scale + float(rng.uniform(0, tile.shape[1]))
    v = stretch * near * scale + float(rng.uniform(0, tile.shape[0]))
    u, v = np.mod(u, tile.shape[1]), np.mod(v, tile.shape[0])
    out = cv2.remap(tile, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    # Where many texture pixels fall into one of the image they average out.
    crowding = np.float32(scale) * stretch * stretch
    return (out / np.sqrt(np.maximum(crowding, 1))).astype(np.float32)


def _horizon(shape: tuple[int, int], rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Row of a slightly tilted horizon in each column, (1, W)."""
    height, width = shape
    # In a very wide image a tilt must not take the horizon out of the picture.
    limit = min(0.1, 0.2 * height / width)
    tilt = float(np.clip(rng.normal(0, 0.03), -limit, limit))
    return (height * float(rng.uniform(low, high)) + tilt * (_columns(width) - width / 2)).astype(np.float32)


def _over_sky(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """What stands above a horizon: clear or cloudy sky."""
    if rng.random() < 0.5:
        return _clear_sky(shape, rng, strength=0.7)
    sky = _clear_sky(shape, rng, strength=0.4)
    emissivity, warmth = _cloud_layer(shape, ('stratus', 'cirrus')[int(rng.integers(2))], rng)
    return sky + emissivity * warmth * np.float32(rng.uniform(0.3, 0.9))


def render_sea(shape: tuple[int, int], rng: np.random.Generator) -> Background:
    """Sea to the horizon with waves in perspective, sun glint, sometimes a coast."""
    height, width = shape
    horizon = _horizon(shape, rng, 0.1, 0.5)
    out = _over_sky(shape, rng)
    below = np.clip(_rows(height) - horizon + 0.5, 0, 1)
    drop = np.maximum(_rows(height) - horizon, 0)
    # Near the horizon water mirrors the warm low sky, further down the cold zenith (Fresnel).
    contrast = float(rng.normal(0.5, 2.0))
    water = (
        float(out[:, width // 2].max())
        + contrast
        - float(rng.uniform(0, 4)) * (1 - np.exp(-drop / float(rng.uniform(30, 120))))
    )
    swell = fractal_field(
        (256, 256), 2.4, rng, stretch=float(rng.uniform(2, 5)), angle=float(rng.normal(0, 12)), periodic=True
    )
    ripple = fractal_field((256, 256), 1.4, rng, stretch=float(rng.uniform(2, 4)), periodic=True)
    eye = float(rng.uniform(4, 30))
    waves = _ground_plane(shape, horizon, swell, float(rng.uniform(0.4, 0.9)), eye, rng)
    ripples = _ground_plane(shape, horizon, ripple, float(rng.uniform(0.6, 1.0)), eye, rng)
    sea_state = float(rng.uniform(0.15, 1.6))
    water = water + np.float32(sea_state) * (0.8 * waves + 0.45 * ripples)
    variant = 'open'
    if rng.random() < 0.6:
        variant = 'glint'
        # Facets that happen to mirror the sun: wave crests inside a path that widens toward the viewer.
        center = width * float(rng.uniform(-0.1, 1.1))
        path = np.exp(
            -0.5
            * ((_columns(width) - center) / (float(rng.uniform(12, 50)) + float(rng.uniform(0.1, 0.5)) * drop)) ** 2
        )
        facets = waves * 0.6 + ripples * 0.8
        sparkle = smoothstep(facets, float(rng.uniform(0.5, 1.1)), 2.4)
        heat = float(rng.uniform(3, 14))
        water = water + (path * (heat * sparkle + float(rng.uniform(0.05, 0.25)) * heat)).astype(np.float32)
    out = out * (1 - below) + water * below
    if rng.random() < 0.35:
        variant += '+coast'
        ridge = fractal_line(width, 2.6, rng)
        tall = height * float(rng.uniform(0.01, 0.09))
        first, last = width * float(rng.uniform(-0.5, 0.6)), width * float(rng.uniform(0.7, 1.4))
        ends = smoothstep(_columns(width)[0], first, last)
        top = horizon[0] - tall * np.maximum(ridge * 0.4 + 0.7, 0) * (ends if rng.random() < 0.5 else 1 - ends)
        land = np.clip(_rows(height) - top[None] + 0.5, 0, 1) * (1 - below)
        warmth = float(np.median(out)) + float(rng.normal(2, 3)) + 0.5 * fractal_field(shape, 2.2, rng, stretch=2.0)
        out = out * (1 - land) + warmth * land
    return Background(out.astype(np.float32), 'sea', variant)


def _skyline(shape: tuple[int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Buildings, masts and trees before a sky; and where it is solid, (H, W) bool."""
    height, width = shape
    out = _over_sky(shape, rng)
    sky = out.copy()
    level = float(np.median(out))
    base = int(height * float(rng.uniform(0.75, 1.02)))
    if rng.random() < 0.6:
        draw_trees(out, base, level + float(rng.normal(2, 2)), height * float(rng.uniform(0.03, 0.2)), rng)
    for _ in range(int(rng.integers(1, 4)) * max(1, width // 256)):
        draw_buildings(out, base, level, rng)
    if rng.random() < 0.5:
        draw_mast(out, base, level + float(rng.normal(3, 3)), rng)
    if rng.random() < 0.4:
        draw_trees(
            out,
            base + int(rng.integers(0, 20)),
            level + float(rng.normal(1, 3)),
            height * float(rng.uniform(0.02, 0.12)),
            rng,
        )
    return out, out != sky


def _landscape(shape: tuple[int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Hills one behind the other, then fields with tree lines, seen from low; and where it is solid, (H, W) bool."""
    height, width = shape
    horizon = _horizon(shape, rng, 0.1, 0.45)
    out = _over_sky(shape, rng)
    level = float(np.median(out))
    step = float(rng.normal(1.5, 1.5))
    for layer in range(int(rng.integers(1, 4))):
        ridge = fractal_line(width, float(rng.uniform(2.2, 3.2)), rng)
        top = horizon[0] + 4.0 * layer - height * float(rng.uniform(0.01, 0.07)) * (ridge + 0.8)
        mask = np.clip(_rows(height) - top[None] + 0.5, 0, 1)
        texture = fractal_field(shape, 2.2, rng, stretch=2.5) * np.float32(0.15 + 0.25 * layer)
        out += mask * (level + step * (layer + 1) + texture - out)
    mask = np.clip(_rows(height) - horizon + 0.5, 0, 1)
    tile = fractal_field((256, 256), float(rng.uniform(1.7, 2.3)), rng, periodic=True)
    eye = float(rng.uniform(8, 60))
    ground = _ground_plane(shape, horizon, tile, float(rng.uniform(0.4, 0.9)), eye, rng)
    patches = _ground_plane(shape, horizon, fractal_field((128, 128), 3.0, rng, periodic=True), 0.25, eye, rng)
    roughness = float(rng.uniform(0.4, 1.6))
    warmth = level + float(rng.normal(3, 3))
    # Fields: the smooth pattern cut into plots of one temperature each.
    plots = np.floor(patches * float(rng.uniform(0.8, 2.0)))
    ground = warmth + roughness * ground + float(rng.uniform(0.3, 1.2)) * plots
    out += mask * (ground - out)
    for _ in range(int(rng.integers(0, 3))):
        draw_road(out, warmth + float(rng.normal(0, 3)), rng, top=int(horizon.max()) + 4, perspective=True)
    for _ in range(int(rng.integers(0, 4))):
        row = int(rng.uniform(float(horizon.max()) + 2, height * 0.9))
        size = 3 + 0.09 * (row - float(horizon.min()))
        draw_trees(out, row, warmth + float(rng.normal(-0.6, 1.2)), size, rng, scattered=True)
    if rng.random() < 0.4:
        draw_buildings(out, int(horizon.max()) + int(rng.integers(4, 30)), warmth, rng, tall=0.08, standing=True)
    return out, mask > 0.5


def _aerial(shape: tuple[int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ground from above: plots, roads, roofs, trees; and where it is solid, (H, W) bool."""
    height, width = shape
    texture = fractal_field(shape, float(rng.uniform(1.8, 2.6)), rng)
    pattern = warp(fractal_field(shape, 3.2, rng), 2.0, rng)
    plots = cv2.GaussianBlur(np.floor(pattern * float(rng.uniform(0.8, 2.0))), (0, 0), 0.8)
    out = (float(rng.uniform(0.4, 1.4)) * texture + float(rng.uniform(0.4, 1.5)) * plots).astype(np.float32)
    crowns = fractal_field(shape, 2.4, rng) * 0.4 + pattern
    edge = float(rng.uniform(0.8, 1.6))
    wood = smoothstep(crowns, edge, edge + 0.25)
    leaves = np.abs(fractal_field(shape, 2.0, rng))  # round crowns with dark gaps between them
    out += wood * (float(rng.normal(-1, 0.8)) + 0.7 * leaves - out) * 0.85
    area = height * width / 65536
    for _ in range(int(rng.poisson(2 * area)) + int(rng.integers(0, 2))):
        draw_road(out, float(rng.normal(1, 2.5)), rng)
    for _ in range(int(rng.poisson(7 * area))):
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        half = rng.uniform((5, 5), (20, 12))
        angle = float(rng.choice((0, 90))) + float(rng.normal(0, 6)) + 20
        rotation = np.deg2rad(angle)
        axes = np.array(((np.cos(rotation), np.sin(rotation)), (-np.sin(rotation), np.cos(rotation))))
        corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1))) * half @ axes + (cx, cy)
        roof = float(rng.normal(0, 3.5))
        fill_polygon(out, corners + (2.5, 2.5), -1.5, opacity=0.6)  # ground in the shade
        fill_polygon(out, corners, roof)
        ridge = (corners[1] + corners[2]) / 2, (corners[3] + corners[0]) / 2
        fill_polygon(out, np.array((corners[0], corners[1], *ridge)), roof + float(rng.normal(0.8, 0.6)))
    return out, np.ones(shape, bool)


def render_ground(shape: tuple[int, int], rng: np.random.Generator) -> Background:
    """Ground clutter with structures: a skyline, a landscape or a view from above, with hot spots on it.

    Hot spots (lamps, vents, engines) are small and bright but are no targets: hard negatives. They sit on structures
    and are drawn out, as sources on the ground are, so that they can be told from targets.
    """
    variant = ('skyline', 'landscape', 'aerial')[int(rng.choice(3, p=(0.45, 0.3, 0.25)))]
    render = {'skyline': _skyline, 'landscape': _landscape, 'aerial': _aerial}[variant]
    out, solid = render(shape, rng)
    draw_hot_spots(out, int(rng.poisson(2.0 * shape[0] * shape[1] / 65536)), rng, solid)
    return Background(out, 'ground', variant)


RENDERERS: Mapping[str, Callable[[tuple[int, int], np.random.Generator], Background]] = {
    'sky': render_sky,
    'cloud': render_cloud,
    'sea': render_sea,
    'ground': render_ground,
}


def render_background(weights: Mapping[str, float], shape: tuple[int, int], rng: np.random.Generator) -> Background:
    """Draw a kind of background by weight and render it.

    Args:
        weights: Weight of each kind (see `SceneConfig.backgrounds`).
        shape: (height, width) of the canvas, px.
        rng: Source of randomness.
    """
    kinds = list(weights)
    chances = np.array([weights[k] for k in kinds])
    kind = kinds[int(rng.choice(len(kinds), p=chances / chances.sum()))]
    return RENDERERS[kind](shape, rng)
