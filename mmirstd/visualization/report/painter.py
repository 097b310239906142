"""What is drawn of a window of an image: gray values, ground truth, and each run's prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .crops import Window, gray_crop, pack_bytes
from .run_analysis import RunAnalysis
from .thresholds import REPORT_THRESHOLDS, threshold_levels


class Painter:
    """The pictures of one image.

    Args:
        runs: All runs.
        places: Where the image is among the images of each run.
    """

    def __init__(self, runs: Sequence[RunAnalysis], places: Sequence[int]) -> None:
        self._boxes = [run.dump.boxes for run in runs] if runs[0].kind == 'boxes' else None
        self._places = places
        if self._boxes is None:
            dumped = [run.dump[place] for run, place in zip(runs, places)]
            self._truth = dumped[0].mask > 0.5
            self._levels = [threshold_levels(image.probability) for image in dumped]
            self.gray = dumped[0].gray
        else:
            self.gray = runs[0].dump[places[0]].gray
        height, width = self.gray.shape
        self.shape: tuple[int, int] = (height, width)

    def paint(self, window: Window) -> list[Any]:
        """Gray values, ground truth, then each run's prediction.

        Of masks all are packed bytes, the predictions as threshold levels. Of boxes truth and predictions are lists of
        ``[x1, y1, x2, y2, level]`` in pixels of the window; a box counts at the thresholds before its level, an ignored
        target has level 0, another one all.
        """
        gray = gray_crop(self.gray, window)
        if self._boxes is None:
            return [
                gray,
                pack_bytes(window.of(self._truth)),
                *(pack_bytes(window.of(level)) for level in self._levels),
            ]
        found: list[Any] = [gray]
        for number, (boxes, place) in enumerate(zip(self._boxes, self._places)):
            assert boxes is not None  # all runs are of boxes
            frame = boxes.frames[place]
            if not number:
                found.append(_inside(frame.targets, np.where(frame.ignored, 0, len(REPORT_THRESHOLDS)), window))
            levels = np.searchsorted(np.asarray(REPORT_THRESHOLDS), frame.scores, side='right')
            found.append(_inside(frame.boxes[levels > 0], levels[levels > 0], window))
        return found


def _inside(boxes: np.ndarray, levels: np.ndarray, window: Window) -> list[list[float]]:
    """Those that touch the window, in its pixels."""
    origin = np.array([window.left, window.top] * 2, np.float64)
    far = np.array([window.width, window.height], np.float64)
    rows = []
    for box, level in zip(boxes - origin, levels):
        if (box[:2] < far).all() and (box[2:] > 0).all():
            rows.append([*(round(float(side), 1) for side in box), int(level)])
    return rows
