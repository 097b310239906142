"""Boxes of a mask's targets."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def boxes_of_mask(mask: NDArray[Any]) -> list[list[float]]:
    """The boxes of a mask's 8-connected components, in raster order of their corners.

    Args:
        mask: (H, W) uint8, non-zero on targets.

    Returns:
        ``[x1, y1, x2, y2]`` in pixel edges: a target in column 3 alone spans x from 3 to 4.
    """
    count, _, stats, _ = cv2.connectedComponentsWithStats((mask != 0).astype(np.uint8), connectivity=8)
    boxes = [[float(x), float(y), float(x + w), float(y + h)] for x, y, w, h, _ in stats[1:count].tolist()]
    return sorted(boxes, key=lambda box: (box[1], box[0]))


def instances_of_mask(mask: NDArray[Any], label: int = 0) -> list[dict]:
    """Instances of a mask's 8-connected components, see :func:`boxes_of_mask`."""
    return [dict(bbox=box, bbox_label=label, ignore_flag=0) for box in boxes_of_mask(mask)]
