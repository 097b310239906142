"""Which detection belongs to which track."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from .track import Track

#: 99% of a normal distribution in two dimensions lie within this squared distance.
GATE = 9.21
_NEVER = 1e9


def assign(tracks: Sequence[Track], points: NDArray[np.float64], time: float) -> list[tuple[int, int]]:
    """Pairs (track, detection) of the greatest likelihood in all, one to one.

    A pair is possible within the filter's 99% and within the greatest speed.

    Args:
        tracks: Predicted for this frame.
        points: (N, 2) detections.
        time: Frames since the last one.
    """
    if not tracks or not len(points):
        return []
    cost = np.full((len(tracks), len(points)), _NEVER)
    for row, track in enumerate(tracks):
        options = track.options
        difference, spread = track.filter.innovation(points)
        distance = np.einsum('ni,ni->n', difference, np.linalg.solve(spread, difference.T).T)
        reach = options.max_speed * max(track.missed, time) + 3 * options.position_noise
        possible = (distance <= GATE) & (np.hypot(*difference.T) <= reach)
        # twice the negative logarithm of the likelihood, up to a constant
        cost[row, possible] = distance[possible] + np.log(np.linalg.det(spread))
    rows, columns = linear_sum_assignment(cost)
    return [(int(row), int(column)) for row, column in zip(rows, columns) if cost[row, column] < _NEVER]
