"""Views of one frame for looking closer: the marked frame, its probabilities, a magnified window.

As :mod:`~mmirstd.visualization.overlay`, pure NumPy and OpenCV; pictures are (H, W, 3) uint8 BGR.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from mmirstd.utils.renamed import renamed_arguments

from .box_findings import BoxFinding
from .contours import draw_contours, resize_mask
from .detection_overlay import draw_finding
from .display import display_range, heat_map, single_channel, stretch
from .drawing import COLORS, MAX_MARKERS, mark
from .insets import bare_crop, crop, magnify

#: Longer side of a marked frame in pixels: smaller images are enlarged by a whole factor, larger ones reduced.
LEAST_SIDE, MOST_SIDE = 640, 1600


def view_scale(shape: tuple[int, int]) -> float:
    """Picture pixels per image pixel of :func:`draw_marked` and :func:`draw_probability`."""
    longer = max(shape)
    return float(max(1, math.ceil(LEAST_SIDE / longer))) if longer <= MOST_SIDE else MOST_SIDE / longer


def _view_size(shape: tuple[int, int]) -> tuple[int, int]:
    scale = view_scale(shape)
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def draw_marked(
    image: np.ndarray,
    boxes: Sequence[tuple[float, float, float, float]],
    mask: np.ndarray | None = None,
    chosen: int | None = None,
    window: tuple[int, int, int] | None = None,
    scores: Sequence[float] | None = None,
) -> np.ndarray:
    """The frame with its targets numbered: brackets and the contours of masks, or a detector's boxes with their scores.

    Args:
        image: (H, W) of any bit depth.
        boxes: (x0, y0, x1, y1) of the targets by their edges in pixels; the first 300 are marked, with their index.
        mask: (H, W), target > 0; None: without contours.
        chosen: Index of the target that stands out.
        window: (x0, y0, side) of the magnified square, drawn as a frame.
        scores: Of the boxes, where they are a detector's.

    Returns:
        A picture of :func:`view_scale` times the image's size.
    """
    raw = single_channel(image)
    size, scale = _view_size(raw.shape), view_scale(raw.shape)
    picture = stretch(raw, *display_range(raw))
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    if mask is not None:
        picture = draw_contours(picture, resize_mask(mask, size), COLORS['prediction'])
    if window is not None:
        x0, y0, side = (round(value * scale) for value in window)
        cv2.rectangle(picture, (x0, y0), (x0 + side, y0 + side), COLORS['ground truth'], 1)
    for index, box in enumerate(boxes[:MAX_MARKERS]):
        color = COLORS['ground truth'] if index == chosen else COLORS['predicted']
        if scores is None:
            mark(picture, box, color, scale, str(index))
            continue
        finding = BoxFinding('predicted', None, (box[0], box[1], box[2], box[3]), scores[index])
        draw_finding(picture, finding, scale, (0.0, 0.0), str(index))
        if index == chosen:
            mark(picture, box, color, scale, '')
    return picture


def draw_probability(probability: np.ndarray) -> np.ndarray:
    """Probabilities (H, W) in [0, 1] in false colors, of the size of :func:`draw_marked`'s picture."""
    size, scale = _view_size(probability.shape), view_scale(probability.shape)
    values: np.ndarray = (np.clip(probability, 0, 1) * 255 + 0.5).astype(np.uint8)
    if scale < 1:  # a target of one pixel must survive being reduced
        values = cv2.dilate(values, np.ones((math.ceil(1 / scale),) * 2, np.uint8))
    values = cv2.resize(values, size, interpolation=cv2.INTER_NEAREST)
    return cv2.applyColorMap(values, cv2.COLORMAP_INFERNO)


@renamed_arguments(centre='center')
def window_at(center: tuple[float, float], side: int) -> tuple[int, int, int]:
    """Left edge, upper edge and side of the square of ``side`` pixels around (x, y)."""
    return math.floor(center[0] - side / 2 + 0.5), math.floor(center[1] - side / 2 + 0.5), side


def magnify_window(
    image: np.ndarray,
    window: tuple[int, int, int],
    boxes: Sequence[tuple[float, float, float, float]] = (),
    mask: np.ndarray | None = None,
    probability: np.ndarray | None = None,
    size: int = 384,
) -> list[np.ndarray]:
    """A square of the image magnified, its pixels kept as squares.

    Args:
        image: (H, W) of any bit depth.
        window: (x0, y0, side) in pixels; it may reach beyond the image.
        boxes: Of detections, drawn where there is no mask.
        mask: (H, W), target > 0.
        probability: (H, W) in [0, 1].
        size: Side of the pictures.

    Returns:
        The bare square (contrast stretched over it), the same with the targets' contours or boxes, and, where there
        are probabilities, their picture; (size, size, 3) each.
    """
    raw = single_channel(image)
    low, high = display_range(raw)
    x0, y0, side = window
    bare, valid = bare_crop(raw, x0, y0, side, high - low, size)
    marked = bare.copy()
    if mask is not None:
        inside = resize_mask(crop(np.asarray(mask) > 0, x0, y0, side)[0], (size, size))
        marked = draw_contours(marked, inside, COLORS['prediction'], 1 if size < 6 * side else 2, inside=True)
    else:
        for box in boxes[:MAX_MARKERS]:
            draw_finding(
                marked,
                BoxFinding('predicted', None, (box[0], box[1], box[2], box[3])),
                size / side,
                (float(x0), float(y0)),
                '',
            )
    pictures = [bare, marked]
    if probability is not None:
        heat = heat_map(crop(np.asarray(probability, np.float32), x0, y0, side)[0])
        heat[~valid] = 0
        pictures.append(magnify(heat, size))
    return pictures
