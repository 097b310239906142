"""What is said of a track in one frame: the fields, their units, their version."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.record_columns import ColumnRecord, column

#: Name of the schema, in every JSON file of tracks.
TRACK_SCHEMA = 'mmirstd.tracks'
#: As of ``mmirstd.targets``: a new field raises the second number.
TRACK_SCHEMA_VERSION = '1.1'


def _no_trail() -> NDArray[np.float64]:
    return np.empty((0, 2))


@dataclass(frozen=True)
class TrackPoint(ColumnRecord):
    """A confirmed track in one frame; positions are as of :class:`mmirstd.apis.Target`.

    Attributes:
        trail: (K, 2) where it was in the frames before, oldest first, over the background: in the coordinates of this
            frame.
    """

    frame: int = column('frames', 'number of the frame in its sequence, from 0')
    id: int = column('1', 'number of the track in its sequence, from 1, in the order of confirmation')
    x: float = column('pixels', 'position, filtered; predicted where nothing was detected', 4)
    y: float = column('pixels', 'position, filtered; predicted where nothing was detected', 4)
    vx: float = column('pixels/frame', 'velocity over the background', 4)
    vy: float = column('pixels/frame', 'velocity over the background', 4)
    x0: float = column('pixels', 'left edge of the box of the last detection, moved along', 4)
    y0: float = column('pixels', 'upper edge of the box', 4)
    x1: float = column('pixels', 'right edge of the box', 4)
    y1: float = column('pixels', 'lower edge of the box', 4)
    score: float = column('1', 'greatest probability or score of the last detection, 0 to 1', 6)
    detected: bool = column('1', 'true: there was a detection in this frame; false: the track coasts')
    moving: bool | None = column('1', 'whether it moves over the background; none: too young to tell')
    first: int = column('frames', 'frame of the first detection')
    hits: int = column('frames', 'frames with a detection so far')
    class_name: str | None = column(
        'text',
        'class with the greatest sum of scores so far, of detectors that tell several apart; else none',
        default=None,
    )
    class_share: float | None = column(
        '1', 'its part of the scores of all classes so far, 0 to 1; none where there is no class', 6, default=None
    )
    trail: NDArray[np.float64] = field(default_factory=_no_trail, repr=False, compare=False)
