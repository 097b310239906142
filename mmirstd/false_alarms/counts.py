"""False pixels, false targets and detections of images at many thresholds."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mmirstd.evaluation.functional.pd_fa_curve import pd_fa_counts
from mmirstd.utils.components import label_components
from mmirstd.utils.logits import logit_of


def threshold_grid(least: float = -6.0, greatest: float = 400.0, step: float = 0.02) -> NDArray[np.float64]:
    """Thresholds in logit units: a step apart around 0, and by the share ``step`` where they are large.

    Args:
        least: The first one.
        greatest: The last one is not less.
        step: The distance.
    """
    start, end = np.arcsinh(least), np.arcsinh(greatest)
    grid: NDArray[np.float64] = np.sinh(np.arange(start, end + step, step))
    return grid


@dataclass
class FalseAlarmCounts:
    """What was counted in images, each of which belongs to a cluster that is independent of the others.

    Args:
        thresholds: (T,) ascending, compared strictly.
        max_distance: As of the metric: a component within this many pixels of a target's center is no false one.
    """

    thresholds: NDArray[np.float64]
    max_distance: float = 3.0
    _rows: list[NDArray[np.int64]] = field(default_factory=list)
    _peaks: list[float] = field(default_factory=list)
    _pixels: list[int] = field(default_factory=list)
    _targets: list[int] = field(default_factory=list)
    _clusters: list[Hashable] = field(default_factory=list)

    def add(self, score: NDArray[np.floating], mask: NDArray[np.bool_] | None = None, cluster: Hashable = None) -> None:
        """Count an image.

        Args:
            score: (H, W) scores.
            mask: (H, W) bool, the targets; None: there are none.
            cluster: Images with one name are one cluster, such as the frames of a video; None: a cluster of its own.
        """
        targets = label_components(np.zeros(score.shape, bool) if mask is None else mask)
        self._rows.append(pd_fa_counts(score, targets, tuple(self.thresholds), self.max_distance))
        false = score if mask is None else np.where(mask, -np.inf, score)
        self._peaks.append(float(false.max(initial=-np.inf)))
        self._pixels.append(score.size)
        self._targets.append(len(targets))
        self._clusters.append(len(self._clusters) if cluster is None else ('named', cluster))

    def add_boxes(self, scores: NDArray[np.floating], pixels: int, cluster: Hashable = None) -> None:
        """Count the boxes in an image without targets; all of them are false.

        A box counts when the logit of its score is not less than a threshold, as in inference.

        Args:
            scores: (N,) in [0, 1].
            pixels: Of the image. Boxes are counted, none of their pixels.
            cluster: As for :meth:`add`.
        """
        logits = np.sort(logit_of(scores))
        row = np.zeros((len(self.thresholds), 3), np.int64)
        row[:, 2] = len(logits) - np.searchsorted(logits, self.thresholds, side='left')
        self._rows.append(row)
        self._peaks.append(float(logits.max(initial=-np.inf)))
        self._pixels.append(pixels)
        self._targets.append(0)
        self._clusters.append(len(self._clusters) if cluster is None else ('named', cluster))

    @property
    def images(self) -> int:
        """How many there are."""
        return len(self._rows)

    @property
    def clusters(self) -> int:
        """How many there are."""
        return len(set(self._clusters))

    @property
    def pixels(self) -> int:
        """Of all images."""
        return sum(self._pixels)

    @property
    def targets(self) -> int:
        """Of all images."""
        return sum(self._targets)

    @property
    def detected(self) -> NDArray[np.int64]:
        """(T,) targets that were found."""
        return self._of_images(0).sum(axis=0)

    def false_totals(self, what: str) -> NDArray[np.float64]:
        """What each cluster has at each threshold.

        Args:
            what: ``'pixels'`` or ``'targets'``.

        Returns:
            (clusters, T).
        """
        values = self._of_images({'pixels': 1, 'targets': 2}[what])
        owners = self._owners()
        totals = np.zeros((self.clusters, len(self.thresholds)))
        np.add.at(totals, owners, values)
        return totals

    def false_peaks(self) -> NDArray[np.float64]:
        """(clusters,) the greatest score beside the targets."""
        peaks = np.full(self.clusters, -np.inf)
        np.maximum.at(peaks, self._owners(), np.array(self._peaks))
        return peaks

    def drawn(self, images: NDArray[np.integer]) -> FalseAlarmCounts:
        """The counts of images drawn from these, by their numbers; one drawn twice is two clusters."""
        found = FalseAlarmCounts(self.thresholds, self.max_distance)
        found._rows = [self._rows[k] for k in images]
        found._peaks = [self._peaks[k] for k in images]
        found._pixels = [self._pixels[k] for k in images]
        found._targets = [self._targets[k] for k in images]
        found._clusters = list(range(len(images)))
        return found

    def _of_images(self, column: int) -> NDArray[np.int64]:
        if not self._rows:
            return np.zeros((0, len(self.thresholds)), np.int64)
        return np.stack([row[:, column] for row in self._rows])

    def _owners(self) -> NDArray[np.int64]:
        numbers: dict[Hashable, int] = {}
        return np.array([numbers.setdefault(name, len(numbers)) for name in self._clusters], np.int64)
