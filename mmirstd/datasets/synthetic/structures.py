"""Things that stand on the ground: drawn into a temperature map in place.

OpenCV anti-aliases 8-bit drawings only, so each thing is drawn as an 8-bit coverage mask in its own box and blended in.
"""

from __future__ import annotations

import cv2
import numpy as np

from .fractal import fractal_field, fractal_line

_SHIFT = 4  # Sub-pixel bits of OpenCV's drawing functions.


def _blend(canvas: np.ndarray, points: np.ndarray, value: float, opacity: float, width: float | None) -> None:
    """Cover a polygon (``width`` None) or a polyline of that width, px, with a temperature."""
    height, cols = canvas.shape
    pad = 2 if width is None else int(width / 2) + 3
    left, top = np.floor(points.min(0)).astype(int) - pad
    right, bottom = np.ceil(points.max(0)).astype(int) + pad + 1
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, cols), min(bottom, height)
    if right <= left or bottom <= top:
        return
    cover = np.zeros((bottom - top, right - left), np.uint8)
    fixed = np.rint((points - (left, top)) * 2**_SHIFT).astype(np.int32)[None]
    if width is None:
        cv2.fillPoly(cover, fixed, 255, cv2.LINE_AA, _SHIFT)
    else:
        cv2.polylines(cover, fixed, False, 255, max(1, round(width)), cv2.LINE_AA, _SHIFT)
    part = canvas[top:bottom, left:right]
    part += (np.float32(value) - part) * (cover * np.float32(opacity / 255))


def fill_polygon(canvas: np.ndarray, points: np.ndarray, value: float, opacity: float = 1.0) -> None:
    """Cover a polygon with a temperature.

    Args:
        canvas: (H, W) float32, K, changed in place.
        points: (N, 2), x and y, px.
        value: K.
        opacity: 0 to 1.
    """
    _blend(canvas, np.asarray(points, np.float64), value, opacity, None)


def draw_line(canvas: np.ndarray, points: np.ndarray, value: float, width: float, opacity: float = 1.0) -> None:
    """Draw a polyline; see `fill_polygon`. ``width`` is in px."""
    _blend(canvas, np.asarray(points, np.float64), value, opacity, width)


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), np.float64)


def draw_buildings(
    canvas: np.ndarray, base: int, level: float, rng: np.random.Generator, tall: float = 0.5, standing: bool = False
) -> None:
    """A group of buildings that stand side by side on the row ``base``.

    Args:
        canvas: (H, W) float32, K, changed in place.
        base: Row of the ground.
        level: Temperature of the surroundings, K.
        rng: Source of randomness.
        tall: Greatest height as a fraction of the canvas height.
        standing: Whether the facades end at ``base``; otherwise they go on to the bottom of the canvas.
    """
    height, width = canvas.shape
    x = float(rng.uniform(-20, width * 0.8))
    for _ in range(int(rng.integers(1, 4))):
        wide, high = float(rng.uniform(18, 75)), float(rng.uniform(0.12, 1.0)) * tall * height
        wall = level + float(rng.normal(3, 4))
        top = base - high
        roof = float(rng.normal(0, 0.08)) * wide
        foot = base if standing else height + 4
        fill_polygon(canvas, np.array(((x, top), (x + wide, top + roof), (x + wide, foot), (x, foot))), wall)
        # A second face in another light makes a corner.
        if rng.random() < 0.6:
            split = x + wide * float(rng.uniform(0.2, 0.8))
            fill_polygon(
                canvas, _rectangle(split, top + 1 + max(roof, 0), x + wide, foot), wall + float(rng.normal(0, 2))
            )
        if rng.random() < 0.7:
            ledge = wall + float(rng.normal(1.5, 1.5))
            draw_line(canvas, np.array(((x - 1, top), (x + wide + 1, top + roof))), ledge, float(rng.uniform(1, 4)))
        if rng.random() < 0.65:
            pitch_x, pitch_y = float(rng.uniform(6, 16)), float(rng.uniform(8, 20))
            pane = wall + float(rng.normal(-1, 2.5))
            share = float(rng.uniform(0.4, 0.6))
            for wy in np.arange(top + 5 + max(roof, 0), min(base, height) - 3, pitch_y).tolist():
                for wx in np.arange(x + 3, x + wide - pitch_x * share, pitch_x).tolist():
                    fill_polygon(
                        canvas,
                        _rectangle(wx, wy, wx + pitch_x * share, wy + pitch_y * share),
                        pane + float(rng.normal(0, 0.3)),
                    )
        if rng.random() < 0.5:
            cx = x + wide * float(rng.uniform(0.1, 0.8))
            size = float(rng.uniform(3, 9))
            fill_polygon(canvas, _rectangle(cx, top - size, cx + size * 1.3, top + 1), wall + float(rng.normal(1, 2)))
        # Weathered walls: a little texture keeps large faces from being flat.
        left, right = int(max(x, 0)), int(min(x + wide, width))
        low, end = int(max(top, 0)), min(int(foot), height)
        if right - left > 8 and end - low > 8:
            canvas[low:end, left:right] += np.float32(0.12) * fractal_field((end - low, right - left), 2.5, rng)
        x += wide + (float(rng.uniform(2, 40)) if rng.random() < 0.4 else 0)


def draw_trees(
    canvas: np.ndarray, base: int, warmth: float, size: float, rng: np.random.Generator, scattered: bool = False
) -> None:
    """A line of trees that stands on the row ``base``, or trees and bushes scattered around it.

    Args:
        canvas: (H, W) float32, K, changed in place.
        base: Row of the ground.
        warmth: Temperature of the leaves, K.
        size: Height of the trees, px.
        rng: Source of randomness.
        scattered: Whether the trees stand apart on ground that stays visible between them, instead of hiding it.
    """
    height, width = canvas.shape
    if scattered:
        for _ in range(int(rng.integers(6, 22)) * max(1, width // 256)):
            cx = float(rng.uniform(0, width))
            foot = base + float(rng.normal(0, size * 0.3))
            high = size * float(rng.uniform(0.4, 1.0))
            wide = high * float(rng.uniform(0.25, 0.6))
            turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
            rough = rng.uniform(0.75, 1.1, turn.size)
            crown = np.stack((cx + wide * rough * np.cos(turn), foot - high / 2 + high / 2 * rough * np.sin(turn)), 1)
            fill_polygon(canvas, crown, warmth + float(rng.normal(0, 0.6)), opacity=0.9)
        return
    outline = fractal_line(width, 1.8, rng) * 0.35
    if rng.random() < 0.4:
        # Conifers: narrow spires over the line.
        for _ in range(int(rng.integers(5, 25))):
            cx, half = float(rng.uniform(0, width)), float(rng.uniform(3, 8))
            spire = np.maximum(1 - np.abs(np.arange(width) - cx) / half, 0)
            outline = np.maximum(outline, spire * float(rng.uniform(0.6, 1.6)))
    top = base - size * (0.55 + 0.5 * outline)
    first = int(max(0, np.floor(top.min()) - 1))
    if first >= height:
        return
    rows = np.arange(first, height, dtype=np.float32)[:, None]
    cover = np.clip(rows - top[None].astype(np.float32) + 0.5, 0, 1)
    leaves = fractal_field((max(height - first, 8), width), 1.8, rng)[: height - first]
    part = canvas[first:]
    part += cover * (np.float32(warmth) + np.float32(0.5) * leaves - part)


def draw_road(
    canvas: np.ndarray, warmth: float, rng: np.random.Generator, top: int = 0, perspective: bool = False
) -> None:
    """A road: a smooth curve across the canvas, or one that narrows toward the horizon.

    Args:
        canvas: (H, W) float32, K, changed in place.
        warmth: Temperature of the road, K.
        rng: Source of randomness.
        top: First row the road may reach (the horizon).
        perspective: Whether it narrows upwards.
    """
    height, width = canvas.shape
    t = np.linspace(0, 1, 24)
    if perspective:
        start, end = rng.uniform(-0.2, 1.2) * width, rng.uniform(0.1, 0.9) * width
        y = height + 10 + (top - height - 10) * t**0.5
        x = start + (end - start) * t**0.5 + 12 * np.sin(t * rng.uniform(2, 7) + rng.uniform(0, 6))
        near = float(rng.uniform(6, 16))
        half = near * (1 - t) ** 1.0 / 2 + 0.4
        left, right = np.stack((x - half, y), 1), np.stack((x + half, y), 1)
        fill_polygon(canvas, np.concatenate((left, right[::-1])), warmth, opacity=0.85)
        return
    angle = float(rng.uniform(0, np.pi))
    direction = np.array((np.cos(angle), np.sin(angle)))
    normal = np.array((-direction[1], direction[0]))
    reach = float(np.hypot(height, width))
    middle = np.array((rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height))
    bend = rng.uniform(0, 0.06) * reach * np.sin(t * rng.uniform(1, 6) + rng.uniform(0, 6))
    points = middle + (t[:, None] - 0.5) * 2 * reach * direction + bend[:, None] * normal
    draw_line(canvas, points, warmth, float(rng.uniform(2, 9)))


def draw_mast(canvas: np.ndarray, base: int, warmth: float, rng: np.random.Generator) -> None:
    """A mast or crane with guy wires or a boom."""
    height, width = canvas.shape
    x = float(rng.uniform(0.05, 0.95)) * width
    top = base - float(rng.uniform(0.2, 0.6)) * height
    draw_line(canvas, np.array(((x, height + 2), (x, top))), warmth, float(rng.uniform(1, 4)))
    if rng.random() < 0.5:
        reach = float(rng.uniform(20, 80))
        for side in (-1, 1):
            draw_line(canvas, np.array(((x, top), (x + side * reach, base))), warmth, 1, opacity=0.7)
    else:
        reach = float(rng.uniform(-90, 90))
        draw_line(
            canvas,
            np.array(((x - 0.3 * reach, top), (x + reach, top + rng.normal(0, 4)))),
            warmth,
            float(rng.uniform(1, 3)),
        )


def draw_hot_spots(canvas: np.ndarray, count: int, rng: np.random.Generator, allowed: np.ndarray) -> None:
    """Small bright things that are no targets: lamps, vents, engines; always longer than wide, or in a row.

    Args:
        canvas: (H, W) float32, K, changed in place.
        count: How many.
        rng: Source of randomness.
        allowed: (H, W) bool: where they may be; none are drawn where nothing is allowed.
    """
    places = np.flatnonzero(allowed)
    if places.size == 0:
        return
    spread = float(canvas.std())
    for _ in range(count):
        row, col = (int(v) for v in np.unravel_index(places[int(rng.integers(places.size))], canvas.shape))
        x, y = col + float(rng.uniform(-0.5, 0.5)), row + float(rng.uniform(-0.5, 0.5))
        value = float(canvas[row, col]) + float(rng.uniform(1, 4)) * max(spread, 0.5)
        if rng.random() < 0.75:
            long, thick = float(rng.uniform(4, 14)), float(rng.uniform(1, 2))
            angle = float(rng.choice((0.0, np.pi / 2))) + float(rng.normal(0, 0.1))
            step = 0.5 * long * np.array((np.cos(angle), np.sin(angle)))
            draw_line(canvas, np.array(((x, y) - step, (x, y) + step)), value, thick, opacity=0.9)
        else:
            for k in range(int(rng.integers(3, 6))):
                at = x + 5.0 * k
                if at < canvas.shape[1] and allowed[row, int(at)]:
                    fill_polygon(canvas, _rectangle(at, y, at + 1.3, y + 1.3), value, opacity=0.8)
