"""Boxes as maps, so that what is made for masks shows detectors of boxes too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.datasets.labels.shapes import Box, filled


def box_maps(
    boxes: NDArray[Any], scores: NDArray[Any], instances: Sequence[Mapping[str, Any]], shape: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """A probability map and a mask of filled rectangles.

    Args:
        boxes: (M, 4) detections, x1, y1, x2, y2 in pixel edges.
        scores: (M,) in [0, 1].
        instances: Annotated targets with ``bbox``; at those with ``ignore_flag`` nothing is drawn, detections neither.
        shape: Height and width.

    Returns:
        (H, W) the greatest score of the boxes that cover a pixel, 0 without any; and (H, W), 1 within targets.
    """
    targets = np.array([item['bbox'] for item in instances], np.float64).reshape(-1, 4)
    ignored = np.array([bool(item.get('ignore_flag', 0)) for item in instances], bool)
    probability, mask = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    for target in targets[~ignored]:
        _draw(mask, target, 1)
    for box, score in zip(boxes, scores):
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if not any(x1 <= x <= x2 and y1 <= y <= y2 for x1, y1, x2, y2 in targets[ignored]):
            _draw(probability, box, float(score))
    return probability, mask


def _draw(plane: NDArray[Any], box: NDArray[Any], value: float) -> None:
    height, width = plane.shape
    pixels = filled(Box(*(float(side) for side in box)), height, width, ellipse=False)
    if pixels is not None:
        height, width = pixels.pixels.shape
        window = plane[pixels.top : pixels.top + height, pixels.left : pixels.left + width]
        window[pixels.pixels & (window < value)] = value
