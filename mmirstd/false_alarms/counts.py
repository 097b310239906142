"""False pixels, false targets and detections of images at many thresholds."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

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

    Memory grows with the clusters: frames of a video are added up.

    Args:
        thresholds: (T,) ascending, compared strictly.
        max_distance: As of the metric: a component within this many pixels of a target's center is no false one.
    """

    thresholds: NDArray[np.float64]
    max_distance: float = 3.0
    # of each cluster
    _rows: list[NDArray[Any]] = field(default_factory=list)
    _peaks: list[float] = field(default_factory=list)
    _images: list[int] = field(default_factory=list)
    _pixels: list[int] = field(default_factory=list)
    _targets: list[int] = field(default_factory=list)
    _named: dict[Hashable, int] = field(default_factory=dict)

    def add(self, score: NDArray[np.floating], mask: NDArray[np.bool_] | None = None, cluster: Hashable = None) -> None:
        """Count an image.

        Args:
            score: (H, W) scores.
            mask: (H, W) bool, the targets; None: there are none.
            cluster: Images with one name are one cluster, such as the frames of a video; None: a cluster of its own.
        """
        targets = label_components(np.zeros(score.shape, bool) if mask is None else mask)
        row = pd_fa_counts(score, targets, tuple(self.thresholds), self.max_distance)
        false = score if mask is None else np.where(mask, -np.inf, score)
        self._enter(row, float(false.max(initial=-np.inf)), score.size, len(targets), cluster)

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
        self._enter(row, float(logits.max(initial=-np.inf)), pixels, 0, cluster)

    def _enter(self, row: NDArray[np.int64], peak: float, pixels: int, targets: int, cluster: Hashable) -> None:
        """Add what an image has to its cluster."""
        place = None if cluster is None else self._named.setdefault(cluster, len(self._rows))
        if place is None or place == len(self._rows):
            # of one image no count needs more
            self._rows.append(row.astype(np.int32 if place is None else np.int64))
            self._peaks.append(peak)
            self._images.append(1)
            self._pixels.append(pixels)
            self._targets.append(targets)
            return
        self._rows[place] += row
        self._peaks[place] = max(self._peaks[place], peak)
        self._images[place] += 1
        self._pixels[place] += pixels
        self._targets[place] += targets

    @property
    def images(self) -> int:
        """How many there are."""
        return sum(self._images)

    @property
    def clusters(self) -> int:
        """How many there are."""
        return len(self._rows)

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
        found = np.zeros(len(self.thresholds), np.int64)
        for row in self._rows:
            found += row[:, 0]
        return found

    def false_totals(self, what: str) -> NDArray[np.float64]:
        """What each cluster has at each threshold.

        Args:
            what: ``'pixels'`` or ``'targets'``.

        Returns:
            (clusters, T).
        """
        column = {'pixels': 1, 'targets': 2}[what]
        return np.array([row[:, column] for row in self._rows], np.float64).reshape(-1, len(self.thresholds))

    def false_peaks(self) -> NDArray[np.float64]:
        """(clusters,) the greatest score beside the targets."""
        return np.array(self._peaks, np.float64)

    def drawn(self, clusters: NDArray[np.integer]) -> FalseAlarmCounts:
        """The counts of clusters drawn from these, by their numbers; one drawn twice is two."""
        found = FalseAlarmCounts(self.thresholds, self.max_distance)
        found._rows = [self._rows[k] for k in clusters]
        found._peaks = [self._peaks[k] for k in clusters]
        found._images = [self._images[k] for k in clusters]
        found._pixels = [self._pixels[k] for k in clusters]
        found._targets = [self._targets[k] for k in clusters]
        return found
