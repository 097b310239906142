"""When a harder image joins the training: PAL looks whether the network finds its points."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import hit_components, label_components


def admitted_label(
    probability: NDArray[Any], points: NDArray[np.int64], missed_share: float, false_per_point: float = 5.0
) -> NDArray[np.uint8] | None:
    """The label with which an image joins, if the network finds enough of its points.

    Predicted targets are the outer outlines of what exceeds one half, filled. Points of neighboring pixels are one.

    Args:
        probability: (H, W) in [0, 1].
        points: (N, 2) row and column.
        missed_share: The largest share of points outside of all predicted targets, in [0, 1].
        false_per_point: The largest number of other predicted targets for each point.

    Returns:
        (H, W) {0, 1}: the predicted targets that hold points, and all points; None where the image does not join.
        An image without points joins with an empty label.
    """
    label = np.zeros(probability.shape, np.uint8)
    if not len(points):
        return label
    label[tuple(points.T)] = 1
    binary = (np.asarray(probability) > 0.5).astype(np.uint8)
    outlines = cv2.findContours(binary, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    filled: NDArray[Any] = np.asarray(cv2.fillPoly(binary, outlines, 1)) if outlines else binary
    marked, predicted = label_components(label), label_components(filled)
    found = int(hit_components(marked, filled != 0).sum()) if len(predicted) else 0
    if (len(marked) - found) / len(marked) > missed_share:
        return None
    if (len(predicted) - found) / len(marked) > false_per_point:
        return None
    for number in np.flatnonzero(hit_components(predicted, label != 0)) + 1 if len(predicted) else ():
        predicted.crop(label)[predicted.labels == number] = 1
    return label
