from __future__ import annotations

import numpy as np
import pytest

from mmirstd.tracking import TrackPoint
from mmirstd.visualization import track_overlay
from mmirstd.visualization.drawing import COLORS, DIM
from mmirstd.visualization.track_overlay import STANDING, draw_tracks


def track(**changes: object) -> TrackPoint:
    trail = np.array([(20.0 + k, 40.0) for k in range(30)])
    values = dict(
        frame=30, id=7, x=50.0, y=40.0, vx=1.0, vy=0.0, x0=49.0, y0=39.0, x1=52.0, y1=42.0, score=0.9, detected=True
    )
    return TrackPoint(**{**values, **dict(moving=True, first=0, hits=30, trail=trail), **changes})


def has(picture: np.ndarray, color: tuple[int, ...]) -> np.ndarray:
    return (picture == color).all(-1)


def test_trail_lies_where_the_track_was() -> None:
    image = np.zeros((64, 96), np.uint8)
    picture = draw_tracks(image, [track()]).astype(int)
    bare = draw_tracks(image, [])
    assert picture.shape == (384, 576, 3)  # six times as large
    rows, columns = np.nonzero(abs(picture - bare).max(-1)[:, :250] > 60)  # the line is antialiased
    # the center of pixel 20, 40
    assert abs(columns.min() - 122.5) <= 1
    assert abs(rows - 242.5).max() <= 1


def test_state_is_a_color() -> None:
    image = np.zeros((64, 96), np.uint8)
    young, stands, coasts = (
        draw_tracks(image, [track(**changes)])
        for changes in (dict(moving=None), dict(moving=False), dict(detected=False))
    )
    assert has(young, COLORS['predicted']).any()
    assert not has(young, STANDING).any()
    assert has(stands, STANDING).any()
    assert not has(stands, COLORS['predicted']).any()
    assert has(coasts, DIM).any()


def test_the_class_is_written_beside_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(track_overlay, 'mark', lambda *args: written.append(args[-1]))
    draw_tracks(np.zeros((64, 96), np.uint8), [track(), track(class_name='bird')])
    assert written == ['7', '7 bird']


def test_without_tracks() -> None:
    image = np.arange(64 * 96, dtype=np.uint16).reshape(64, 96)
    assert draw_tracks(image, []).shape == draw_tracks(image, [track(trail=np.empty((0, 2)))]).shape
