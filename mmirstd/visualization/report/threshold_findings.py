"""What became of each target, and where the false alarms are, at every threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmirstd.evaluation.functional import Components
from mmirstd.evaluation.functional.matching import Matches

#: False alarms kept of one image, those with the highest peaks; tables count all of them.
MAX_ALARMS_PER_IMAGE = 64

#: Code of an IoU: 0 missed, else 1 + floor(200 IoU), so that "below 0.5" and "exactly 1" survive.
IOU_STEPS = 200


@dataclass(frozen=True)
class TargetFindings:
    """The N targets of an image at K thresholds.

    Attributes:
        iou_codes: (N, K) uint8: 0 where the target is missed, else 1 + floor(200 IoU) of the target with the component
            matched to it (centroids may be near without any overlap: 1).
    """

    iou_codes: np.ndarray


@dataclass(frozen=True)
class FalseAlarms:
    """False alarms of an image: sites, each a local maximum whose component is matched to no target.

    A component shrinks, splits and vanishes as the threshold rises; what it keeps is its highest pixel (the first in
    raster order among equals), so that names the site.

    Attributes:
        peaks: (M,) int64, index of the highest pixel in the flattened image.
        scores: (M,) float32, its probability, descending.
        areas: (M, K) int32, pixels of the false component with this peak at each threshold; 0 where there is none.
    """

    peaks: np.ndarray
    scores: np.ndarray
    areas: np.ndarray


class FindingCollector:
    """Collect the findings of one image, one threshold after the other.

    Args:
        score: (H, W) float32 probabilities.
        targets: The image's targets.
        thresholds: K ascending numbers.
    """

    def __init__(self, score: np.ndarray, targets: Components, thresholds: Sequence[float]) -> None:
        self._score = score.ravel()
        self._width = score.shape[1]
        self._targets = targets
        self._codes = np.zeros((len(targets), len(thresholds)), np.uint8)
        positive = np.flatnonzero(self._score > float(thresholds[0]))
        # Highest first, equals in raster order: the pixels above a threshold are the first ones.
        self._pixels = positive[np.argsort(-self._score[positive], kind='stable')]
        self._peaks: list[np.ndarray] = []
        self._areas: list[np.ndarray] = []

    def add(self, predictions: Components, matches: Matches) -> None:
        """The next threshold: its predicted components and what they match."""
        step = len(self._peaks)
        for index in np.flatnonzero(matches.detected):
            self._codes[index, step] = self._iou_code(int(index), int(matches.prediction_of[index]), predictions)
        false = ~matches.matched
        self._peaks.append(self._highest_pixels(predictions)[false] if false.any() else np.zeros(0, np.int64))
        self._areas.append(predictions.areas[false])

    def finish(self, limit: int = MAX_ALARMS_PER_IMAGE) -> tuple[TargetFindings, FalseAlarms]:
        """What was found."""
        sites = np.unique(np.concatenate([*self._peaks, np.zeros(0, np.int64)]).astype(np.int64))
        sites = sites[np.argsort(-self._score[sites], kind='stable')][:limit]
        order = np.argsort(sites)
        areas = np.zeros((len(sites), len(self._peaks)), np.int32)
        if len(sites):
            for step, (peaks, sizes) in enumerate(zip(self._peaks, self._areas)):
                place = np.minimum(np.searchsorted(sites, peaks, sorter=order), len(sites) - 1)
                kept = sites[order[place]] == peaks
                areas[order[place[kept]], step] = sizes[kept]
        return TargetFindings(self._codes), FalseAlarms(sites, self._score[sites], areas)

    def _highest_pixels(self, predictions: Components) -> np.ndarray:
        """(M,) index of each component's highest pixel."""
        # numpy writes repeated indices in order, so the first of each component is what stays.
        pixels = self._pixels[: int(predictions.areas.sum())][::-1]
        top, left, _, _ = predictions.window
        labels = predictions.labels[pixels // self._width - top, pixels % self._width - left]
        peaks = np.zeros(len(predictions) + 1, np.int64)
        peaks[labels] = pixels
        return peaks[1:]

    def _iou_code(self, target: int, prediction: int, predictions: Components) -> int:
        """1 + floor(200 IoU) of a target and its prediction."""
        top, left, bottom, right = self._targets.boxes[target]
        first_row, first_column, last_row, last_column = predictions.window
        rows = slice(max(top, first_row), max(min(bottom, last_row), top, first_row))
        columns = slice(max(left, first_column), max(min(right, last_column), left, first_column))
        ours = _part(self._targets, rows, columns) == target + 1
        common = int(np.count_nonzero(ours & (_part(predictions, rows, columns) == prediction + 1)))
        union = int(self._targets.areas[target] + predictions.areas[prediction]) - common
        return 1 + IOU_STEPS * common // union


def _part(components: Components, rows: slice, columns: slice) -> np.ndarray:
    top, left, _, _ = components.window
    return components.labels[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
