"""Colors, text and brackets that all pictures share. Colors are BGR."""

from __future__ import annotations

import cv2
import numpy as np

#: Status is never told by color alone: each inset also names it in words.
COLORS: dict[str, tuple[int, int, int]] = {
    'detected': (90, 205, 60),
    'missed': (70, 70, 255),
    'false alarm': (0, 165, 255),
    'predicted': (90, 205, 60),  # without ground truth nothing can be right or wrong
    'ground truth': (255, 215, 0),
    'prediction': (255, 90, 255),
}

BACKGROUND = (30, 27, 25)
TEXT = (235, 235, 235)
DIM = (165, 165, 165)
FONT = cv2.FONT_HERSHEY_SIMPLEX
GAP = 10  # pixels between the parts of a picture
MAX_MARKERS = 300  # more brackets than this only hide the picture


def blank(height: int, width: int) -> np.ndarray:
    """(height, width, 3) uint8 BGR of ``BACKGROUND``."""
    canvas = np.empty((height, width, 3), np.uint8)
    # Row by row: NumPy fills pixels of three bytes one by one, ten times as slowly.
    canvas.reshape(height, -1)[:] = np.tile(np.array(BACKGROUND, np.uint8), width)
    return canvas


def put_text(
    picture: np.ndarray,
    text: str,
    origin: tuple[int, int],
    color: tuple[int, int, int] = TEXT,
    scale: float = 0.5,
    thickness: int = 1,
) -> int:
    """Write text with its baseline's left end at ``origin``; returns the x behind it."""
    # OpenCV's fonts know ASCII only and draw one '?' per byte of anything else.
    text = text.encode('ascii', 'replace').decode()
    cv2.putText(picture, text, origin, FONT, scale, color, thickness, cv2.LINE_AA)
    return origin[0] + cv2.getTextSize(text, FONT, scale, thickness)[0][0]


def shorten(text: str, width: int, scale: float) -> str:
    """Cut the middle out of a text too wide for ``width`` pixels."""

    def fits(value: str) -> bool:
        return cv2.getTextSize(value, FONT, scale, 1)[0][0] <= width

    if fits(text):
        return text
    keep = len(text)
    while keep > 2 and not fits(text[: keep // 2] + '...' + text[-(keep - keep // 2) :]):
        keep -= 1
    return text[: keep // 2] + '...' + text[-(keep - keep // 2) :]


def draw_brackets(
    picture: np.ndarray,
    upper_left: tuple[int, int],
    lower_right: tuple[int, int],
    color: tuple[int, int, int],
    arm: int,
    thickness: int = 2,
) -> None:
    """Four corners of a rectangle, with arms of ``arm`` pixels."""
    (left, top), (right, bottom) = upper_left, lower_right
    for x, step_x in ((left, 1), (right, -1)):
        for y, step_y in ((top, 1), (bottom, -1)):
            cv2.line(picture, (x, y), (x + step_x * arm, y), color, thickness)
            cv2.line(picture, (x, y), (x, y + step_y * arm), color, thickness)


def mark(
    panel: np.ndarray, box: tuple[float, float, float, float], color: tuple[int, int, int], scale: float, label: str
) -> None:
    """Corner brackets around a box, far enough out to leave it visible, and a label beside them.

    Args:
        panel: (H, W, 3) uint8 BGR, drawn into.
        box: (x0, y0, x1, y1) by its edges, in pixels of the native image.
        color: BGR.
        scale: Pixels of the panel per pixel of the image.
        label: Empty for none.
    """
    height, width = panel.shape[:2]
    center_x, center_y = (box[0] + box[2]) / 2 * scale, (box[1] + box[3]) / 2 * scale
    half_x, half_y = max((box[2] - box[0]) / 2 * scale + 6, 12), max((box[3] - box[1]) / 2 * scale + 6, 12)
    left, right = int(center_x - half_x), int(center_x + half_x)
    top, bottom = int(center_y - half_y), int(center_y + half_y)
    draw_brackets(panel, (left, top), (right, bottom), color, 6)
    if label:
        text_width = cv2.getTextSize(label, FONT, 0.55, 2)[0][0]
        x = right + 4 if right + 4 + text_width < width else max(left - 4 - text_width, 0)
        put_text_rimmed(panel, label, (x, min(max(top + 10, 12), height - 4)), color, 0.55, 2, rim=5)


def put_text_rimmed(
    picture: np.ndarray,
    text: str,
    origin: tuple[int, int],
    color: tuple[int, int, int],
    scale: float,
    thickness: int,
    rim: int,
) -> None:
    """Text with a dark rim, which keeps it readable on clouds."""
    put_text(picture, text, origin, (0, 0, 0), scale, rim)
    put_text(picture, text, origin, color, scale, thickness)
