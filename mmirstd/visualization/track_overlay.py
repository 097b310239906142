"""Frames of a video with the tracks in them: number, state and the way each has come."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mmirstd.tracking import TrackPoint

from .drawing import COLORS, DIM, MAX_MARKERS, TEXT, mark, put_text_rimmed
from .video_overlay import enlarge

#: A track that stands still over the background is often clutter.
STANDING = COLORS['false alarm']


def draw_tracks(
    image: np.ndarray,
    tracks: Sequence[TrackPoint],
    text: str = '',
    display_range: tuple[float, float] | None = None,
) -> np.ndarray:
    """One frame with brackets, numbers and trails of its tracks, and their classes where there are several.

    Green tracks move or are too young to tell, orange ones stand still over the background, gray ones coast.

    Args:
        image: (H, W) of any bit depth.
        tracks: Its tracks.
        text: Written into the upper left corner.
        display_range: Gray values that become black and white; None: of this frame.

    Returns:
        (H', W', 3) uint8 BGR, as of :func:`~.video_overlay.draw_targets`.
    """
    picture, zoom = enlarge(image, display_range)
    for track in tracks[:MAX_MARKERS]:
        color = STANDING if track.moving is False else COLORS['predicted']
        # to a sixteenth of a pixel, so that slow trails are smooth
        way = np.rint(((track.trail + 0.5) * zoom - 0.5) * 16).astype(np.int32)
        cv2.polylines(picture, [way.reshape(-1, 1, 2)], False, color, 1, cv2.LINE_AA, shift=4)
    for track in tracks[:MAX_MARKERS]:
        color = STANDING if track.moving is False else COLORS['predicted']
        box = (track.x0, track.y0, track.x1, track.y1)
        mark(
            picture,
            box,
            color if track.detected else DIM,
            zoom,
            f'{track.id}' if track.class_name is None else f'{track.id} {track.class_name}',
        )
    if text:
        put_text_rimmed(picture, text, (6, 18), TEXT, 0.5, 1, rim=4)
    return picture
