"""What detections say of a target's class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.box_overlap import box_overlaps

#: Boxes of two classes with so much IoU are one target; a detector suppresses overlaps within a class alone.
SAME_TARGET = 0.5


def class_votes(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], classes: Sequence[str]
) -> tuple[NDArray[np.intp], list[dict[str, float]]]:
    """Of boxes of several classes on one target keep the highest, which gets the scores of the others as votes.

    Args:
        boxes: (N, 4) edges x0, y0, x1, y1.
        scores: (N,)
        classes: (N,) names.

    Returns:
        (K,) places of the kept boxes, ascending, and the score of each class for each of them.
    """
    votes: dict[int, dict[str, float]] = {}
    overlaps = box_overlaps(boxes, boxes)
    for place in np.argsort(-scores, kind='stable').tolist():
        near = np.flatnonzero(overlaps[place] >= SAME_TARGET).tolist()
        same = [k for k in near if k in votes and classes[k] != classes[place]]
        if same:
            nearest = max(same, key=lambda k: float(overlaps[place, k]))
            votes[nearest].setdefault(classes[place], float(scores[place]))
        else:
            votes[place] = {classes[place]: float(scores[place])}
    kept = sorted(votes)
    return np.array(kept, np.intp), [votes[place] for place in kept]
