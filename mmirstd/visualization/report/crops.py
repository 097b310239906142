"""Small windows around findings, as short strings that a page can draw."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np

from mmirstd.visualization.display import to_display

#: Sides of a window in pixels, and how far it reaches beyond a target's box.
MIN_SIDE, MAX_SIDE, MARGIN = 40, 96, 14
ALARM_SIDE = 48
THUMBNAIL_SIDE = 160


@dataclass(frozen=True)
class Window:
    """A rectangle of an image, in pixels."""

    top: int
    left: int
    height: int
    width: int

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """That part of an (H, W) map (a view)."""
        return pixels[self.top : self.top + self.height, self.left : self.left + self.width]


def window_around(row: float, column: float, side: int, shape: tuple[int, int]) -> Window:
    """A square around a point, moved inside the image, and smaller where the image is."""
    height, width = min(side, shape[0]), min(side, shape[1])
    top = min(max(round(row - height / 2), 0), shape[0] - height)
    left = min(max(round(column - width / 2), 0), shape[1] - width)
    return Window(top, left, height, width)


def target_window(box: np.ndarray, shape: tuple[int, int]) -> Window:
    """The window of a target.

    Args:
        box: Top, left, bottom, right; the last two exclusive.
        shape: Height and width of the image.
    """
    top, left, bottom, right = (int(value) for value in box)
    side = min(max(max(bottom - top, right - left) + 2 * MARGIN, MIN_SIDE), MAX_SIDE)
    return window_around((top + bottom) / 2, (left + right) / 2, side, shape)


def pack_bytes(values: np.ndarray) -> str:
    """A uint8 array as text: ``r`` and base64 of the bytes, or ``z`` and base64 of (count, value) pairs if shorter."""
    flat = np.ascontiguousarray(values, np.uint8).ravel()
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]])) if flat.size else np.zeros(0, np.int64)
    lengths = np.diff(np.concatenate([starts, [flat.size]]))
    pieces = -(-lengths // 255)  # a count is a byte
    if 2 * int(pieces.sum()) >= flat.size:
        return 'r' + base64.b64encode(flat.tobytes()).decode()
    counts = np.full(int(pieces.sum()), 255, np.uint8)
    counts[np.cumsum(pieces) - 1] = lengths - 255 * (pieces - 1)
    pairs = np.stack([counts, np.repeat(flat[starts], pieces)], axis=1)
    return 'z' + base64.b64encode(pairs.tobytes()).decode()


def gray_crop(gray: np.ndarray, window: Window) -> str:
    """The window's gray values stretched to 8 bit by its own range (0.5 to 99.9 percent), packed."""
    return pack_bytes(to_display(window.of(gray), (0.5, 99.9))[..., 0])


def thumbnail(gray: np.ndarray) -> str:
    """The whole image as a small JPEG, a ``data:`` address."""
    picture = to_display(gray)[..., 0]
    scale = THUMBNAIL_SIDE / max(picture.shape)
    if scale < 1:
        size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, 70])
    if not done:
        raise ValueError(f'cannot encode a picture of shape {picture.shape}')
    return 'data:image/jpeg;base64,' + base64.b64encode(data.tobytes()).decode()
