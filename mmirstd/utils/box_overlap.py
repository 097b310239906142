"""How much boxes overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def box_overlaps(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Intersection over union of boxes x1, y1, x2, y2, (N, 4) and (M, 4): (N, M) in [0, 1]; 0 where both are empty."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared: NDArray[Any] = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(side[:, 2:] - side[:, :2], axis=1) for side in (first, second)]
    union = areas[0][:, None] + areas[1] - shared
    overlap: NDArray[Any] = shared / np.where(union > 0, union, 1)
    return overlap
