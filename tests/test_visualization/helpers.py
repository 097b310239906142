from __future__ import annotations

import numpy as np

from mmirstd.visualization import COLORS


def count(picture: np.ndarray, color: str) -> int:
    """Pixels of exactly this color."""
    return int((picture == COLORS[color]).all(axis=-1).sum())
