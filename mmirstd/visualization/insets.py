"""Magnified surroundings of what was found, missed or false."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .contours import binary_mask, draw_contours, resize_mask
from .display import display_range, heat_map, single_channel, stretch
from .drawing import COLORS, DIM, TEXT, blank, put_text, shorten
from .mask_findings import Finding, numbered

TILE = 168  # side of a magnified square: a common multiple of the magnifications x8, x7, x6, x4, x3, x2
_OUTSIDE = (70, 60, 52)  # crops that reach beyond the image
_LARGEST_CROP = 2048  # pixels of the image in one inset


def crop(array: np.ndarray, x0: int, y0: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Square crop that may reach beyond the array; also says which pixels lie in it."""
    out = np.zeros((size, size), array.dtype)
    valid = np.zeros((size, size), bool)
    height, width = array.shape
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x0 + size, width), min(y0 + size, height)
    if right > left and bottom > top:
        inner = np.s_[top - y0 : bottom - y0, left - x0 : right - x0]
        out[inner] = array[top:bottom, left:right]
        valid[inner] = True
    return out, valid


def magnify(square: np.ndarray, size: int) -> np.ndarray:
    """A square picture as one of ``size`` pixels, its own pixels kept as squares when it grows."""
    reduced = square.shape[0] > size
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA if reduced else cv2.INTER_NEAREST)


def bare_crop(
    image: np.ndarray, x0: int, y0: int, size: int, full_range: float, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Square crop magnified to ``side``, contrast stretched over the crop; also which of its pixels lie in the image.

    ``full_range`` is that of the whole image's display.
    """
    square, valid = crop(image, x0, y0, size)
    inner = square[valid] if valid.any() else image
    low = float(inner.min())
    # A floor on the range keeps a crop of pure noise from looking like structure.
    bare = stretch(square, low, max(float(inner.max()), low + 0.1 * full_range))
    bare[~valid] = _OUTSIDE
    return magnify(bare, side), valid


def magnification(extent: int) -> int:
    """The whole factor by which ``extent`` pixels fit a tile: 8 to 1; 0 where they must be reduced."""
    return next((zoom for zoom in (8, 7, 6, 4, 3, 2, 1) if TILE // zoom >= extent), 0)


def zoom_insets(
    image: np.ndarray,
    findings: Sequence[Finding],
    gt: np.ndarray | None,
    pred: np.ndarray,
    prob: np.ndarray | None = None,
    shown_range: tuple[float, float] | None = None,
) -> list[np.ndarray]:
    """Magnify the surroundings of each finding.

    Each inset is: a caption, then side by side the bare crop (contrast
    stretched over the crop, so that a dim target is seen), the same crop with
    the target's contour (just outside it) and the prediction's (just inside
    it), and the probabilities if given. Magnification is nearest-neighbor:
    x8 to x6 for targets up to 20 pixels, less for larger ones. The frame's
    color is the status: green detected, red missed, orange false alarm.

    Args:
        image: (H, W) of any bit depth, or BGR.
        findings: What to show, see :func:`find_components`.
        gt: (H, W) mask or None.
        pred: (H, W) mask.
        prob: (H, W) probabilities in [0, 1] or None.
        shown_range: The gray values that the whole image shows in black and white; None: :func:`display_range`.

    Returns:
        One uint8 BGR picture per finding, all of the same size.
    """
    image = single_channel(image)
    low, high = display_range(image) if shown_range is None else shown_range
    pred = binary_mask(pred, image.shape, 'prediction')
    gt = None if gt is None else binary_mask(gt, image.shape, 'ground truth')
    insets = []
    for number, finding in numbered(findings):
        x0, y0, x1, y1 = finding.box
        extent = max(x1 - x0, y1 - y0) + 8  # some background is needed to judge a contour
        zoom = magnification(extent)
        # Of a component as long as a whole line scan the middle must do: the crop is square.
        size = TILE // zoom if zoom else min(extent, _LARGEST_CROP)
        left, top = (x0 + x1 - size) // 2, (y0 + y1 - size) // 2

        bare, valid = bare_crop(image, left, top, size, high - low, TILE)
        marked = bare
        # A predicted pixel is 6 to 8 screen pixels wide, so a line of 2 inside leaves it visible.
        marked = draw_contours(
            marked, resize_mask(crop(pred, left, top, size)[0], (TILE, TILE)), COLORS['prediction'], 2, inside=True
        )
        if gt is not None:
            marked = draw_contours(
                marked, resize_mask(crop(gt, left, top, size)[0], (TILE, TILE)), COLORS['ground truth'], 2
            )
        tiles = [bare, marked]
        if prob is not None:
            heat = heat_map(crop(np.asarray(prob, np.float32), left, top, size)[0])
            heat[~valid] = _OUTSIDE
            tiles.append(magnify(heat, TILE))
        insets.append(_frame(tiles, finding, number, zoom))
    return insets


def _frame(tiles: list[np.ndarray], finding: Finding, number: int, zoom: int) -> np.ndarray:
    color = COLORS[finding.status]
    border, caption = 3, 40
    width = len(tiles) * (TILE + 2) - 2 + 2 * border
    inset = blank(TILE + caption + border, width)
    for k, tile in enumerate(tiles):
        x = border + k * (TILE + 2)
        inset[caption : caption + TILE, x : x + TILE] = tile
    cv2.rectangle(inset, (0, 0), (width - 1, inset.shape[0] - 1), color, border, cv2.LINE_8)
    x = put_text(inset, f'{number} {finding.status.upper()}', (9, 18), color, 0.5, 1)
    put_text(inset, f'x{zoom}' if zoom else 'reduced', (x + 10, 18), DIM, 0.42)
    note = f'{finding.area} px at ({finding.centroid[0]:.0f}, {finding.centroid[1]:.0f})'
    if finding.distance is not None:
        note += f', off by {finding.distance:.1f} px'
    if finding.peak is not None:
        note += f', peak {finding.peak:.2f}'
    put_text(inset, shorten(note, width - 16, 0.4), (9, 34), TEXT, 0.4)
    return inset
