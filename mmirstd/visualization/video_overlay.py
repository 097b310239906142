"""Frames of a video with their targets marked, all of one size."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .display import display_range as range_of
from .display import single_channel, stretch
from .drawing import COLORS, MAX_MARKERS, TEXT, mark, put_text_rimmed

#: Small frames are enlarged by a whole factor until their longer side has as many pixels, so that targets are seen.
LEAST_SIDE = 640


def draw_targets(
    image: np.ndarray,
    targets: Sequence[tuple[float, float, float, float, float]],
    text: str = '',
    display_range: tuple[float, float] | None = None,
    class_names: Sequence[str | None] = (),
) -> np.ndarray:
    """One frame with brackets, numbers and probabilities at its targets.

    Args:
        image: (H, W) of any bit depth.
        targets: (x0, y0, x1, y1, probability), boxes by their edges in pixels; a target's place
            in the sequence is its number, as in result files.
        text: Written into the upper left corner.
        display_range: Gray values that become black and white; None: of this frame.
        class_names: Of the targets, written beside them; empty: there is one class.

    Returns:
        (H', W', 3) uint8 BGR; the size depends on the frame's size alone, and is even in both directions, as video
        codecs want it.
    """
    picture, zoom = enlarge(image, display_range)
    for number, (x0, y0, x1, y1, probability) in enumerate(targets[:MAX_MARKERS]):
        name = class_names[number] if class_names else None
        words = f'{number}: {probability:.2f}' if name is None else f'{number}: {name} {probability:.2f}'
        mark(picture, (x0, y0, x1, y1), COLORS['predicted'], zoom, words)
    if text:
        put_text_rimmed(picture, text, (6, 18), TEXT, 0.5, 1, rim=4)
    return picture


def enlarge(image: np.ndarray, display_range: tuple[float, float] | None = None) -> tuple[np.ndarray, int]:
    """A frame (H, W) as a picture to draw into, (H', W', 3) uint8 BGR, and by which whole factor it is larger.

    Args:
        image: (H, W) of any bit depth.
        display_range: Gray values that become black and white; None: of this frame.
    """
    image = single_channel(image)
    zoom = max(1, LEAST_SIDE // max(image.shape))
    picture = stretch(image, *(display_range or range_of(image)))
    if zoom > 1:
        picture = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    height, width = picture.shape[:2]
    return cv2.copyMakeBorder(picture, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), zoom


class DisplayRange:
    """A video's gray range that follows its frames slowly, so that the picture does not flicker.

    Args:
        inertia: Share of the old range kept at each frame, in [0, 1).
    """

    def __init__(self, inertia: float = 0.9) -> None:
        self.inertia = inertia
        self._range: np.ndarray | None = None

    def update(self, image: np.ndarray) -> tuple[float, float]:
        """Black and white for the next frame (H, W)."""
        new = np.array(range_of(single_channel(image)))
        self._range = new if self._range is None else self.inertia * self._range + (1 - self.inertia) * new
        return float(self._range[0]), float(self._range[1])
