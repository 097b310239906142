"""Boxes of one frame, annotated and detected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FrameDetections:
    """What was there and what was found in a frame.

    All boxes are x1, y1, x2, y2 in pixel edges of the original image, float64.

    Attributes:
        image: An ID, distinct for each frame.
        sequence: Name of the sequence.
        shape: Height and width in pixels.
        targets: (N, 4).
        target_labels: (N,) int, class from 0.
        ignored: (N,) bool: neither a target to find nor a false alarm to find there.
        scr: (N,) signal-to-clutter ratio, NaN where not known.
        boxes: (M, 4) detections.
        scores: (M,) in [0, 1].
        labels: (M,) int.
        path: The image's file, where it is known.
        category_ids: ID of each class in the annotation; empty: not known.
    """

    image: int | str
    sequence: str
    shape: tuple[int, int]
    targets: NDArray[np.float64]
    target_labels: NDArray[np.int64]
    ignored: NDArray[np.bool_]
    scr: NDArray[np.float64]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    labels: NDArray[np.int64]
    path: str = ''
    category_ids: tuple[int | str, ...] = ()

    def __post_init__(self) -> None:
        for boxes, others in (
            (self.targets, (self.target_labels, self.ignored, self.scr)),
            (self.boxes, (self.scores, self.labels)),
        ):
            if boxes.ndim != 2 or boxes.shape[1] != 4 or any(len(other) != len(boxes) for other in others):
                raise ValueError(
                    f'frame {self.image}: arrays of shapes {[boxes.shape, *[o.shape for o in others]]}; '
                    'expected (N, 4) boxes and N of everything else'
                )
