"""Which frames of a sequence make the clip of a key frame: one rule for data sets, streams and trained models."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

#: What stands for a past frame that does not exist.
GAPS = {
    'hold': 'a missing past frame is replaced by the last one before it, as a display would hold it',
    'position': 'frame numbers only order the frames; the past frames are the ones before, however long ago',
    'error': 'a missing past frame is an error',
}


def window_positions(
    numbers: Sequence[int], position: int, num_frames: int, stride: int = 1, gaps: str = 'hold'
) -> tuple[list[int], int]:
    """Positions of the frames of a window, oldest first, key frame last.

    The past frames are those numbered ``max(i - k * stride, first)``, k = 1 .. T-1, for a key
    frame numbered i: before the start of a sequence its first frame is repeated, as in SSTNet's
    data loader.

    Args:
        numbers: Ascending frame numbers of the sequence.
        position: Index of the key frame in ``numbers``.
        num_frames: T, at least 1.
        stride: Distance of the frames in frame numbers, at least 1.
        gaps: A key of :data:`GAPS`; with ``'error'`` the caller raises when the count is not 0.

    Returns:
        T indices into ``numbers``, and how many of the wanted frames do not exist.
    """
    positions, missing = [], 0
    for back in range((num_frames - 1) * stride, -1, -stride):
        if gaps == 'position':
            positions.append(max(position - back, 0))
            continue
        wanted = max(numbers[position] - back, numbers[0])
        found = bisect.bisect_right(numbers, wanted) - 1
        missing += numbers[found] != wanted
        positions.append(found)
    return positions, missing
