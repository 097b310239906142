"""Masks whose pixels may be a target in part: labels that grow from points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def hard_mask(mask: NDArray[Any]) -> NDArray[Any]:
    """The pixels that are target by at least one half.

    Args:
        mask: Float in [0, 1], or of integers, which is handed on.

    Returns:
        uint8 {0, 1} of a soft mask.
    """
    return (mask >= 0.5).astype(np.uint8) if mask.dtype.kind == 'f' else mask
