"""True and false detections of each sequence by score: what average precision of any choice of sequences needs.

Average precision is no mean over sequences, so a resample of them needs more than one figure a sequence. Of a
detector's thousands of detections it needs no more than how many of each sequence are true and false in each of some
tens of bins of the score.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .coco_evaluation import CocoEvaluation
from .pixels import NAN

#: So that recall rises by at most 2.5 percent from one to the next: fine enough, and small in a file.
SCORE_BINS = 40
#: Name of all targets together among the SCR bins.
ALL = 'all'


@dataclass(frozen=True)
class ScoreCounts:
    """Counts of detections at IoU .5, at most 100 a frame, of one class.

    Attributes:
        sequences: N names.
        bins: S names of SCR bins; a target is in one of them, or in none.
        targets: (N, S + 1), the last column: targets in none.
        true: (N, S + 1, B): detections of these targets, by falling score.
        false: (N, B): detections of nothing. Those that score less than every true one are left out: they change
            no average precision.
        exact: Whether each bin of the score holds one detection.
    """

    sequences: tuple[str, ...]
    bins: tuple[str, ...]
    targets: NDArray[np.int64]
    true: NDArray[np.int64]
    false: NDArray[np.int64]
    exact: bool = False

    def average_precision(self, name: str = ALL, weights: NDArray[Any] | None = None) -> NDArray[np.float64]:
        """Average precision at IoU .5 with 101 recall points, as pycocotools has it if each bin holds one detection.

        Of an SCR bin only its targets count; detections of other targets are neither true nor false.

        Args:
            name: Of an SCR bin, or :data:`ALL`.
            weights: (R, N): how often each sequence is in each of R resamples; None: each once, in one.

        Returns:
            (R,); NaN without any target.

        Raises:
            KeyError: There is no such bin.
        """
        if name != ALL and name not in self.bins:
            raise KeyError(f'no SCR bin {name!r}; there are {", ".join(self.bins)}')
        chosen = slice(None) if name == ALL else slice(self.bins.index(name), self.bins.index(name) + 1)
        if weights is None:
            weights = np.ones((1, len(self.sequences)))
        targets = weights @ self.targets[:, chosen].sum(axis=1)
        true = np.cumsum(weights @ self.true[:, chosen].sum(axis=1), axis=1)
        false = np.cumsum(weights @ self.false, axis=1)
        recall = true / np.maximum(targets, 1)[:, None]
        # Recall points 0, .01, ..., 1 that each bin is the first to reach; the sum of counts may be off by rounding.
        reached = np.floor(100 * recall + 1e-9) + (recall > 0)
        points = np.diff(reached, axis=1, prepend=0.0)
        if not self.exact:
            # Of a bin's k points the j-th is reached with the j-th part of its detections, (k + 1) / 2k in the mean.
            rest = np.where(points > 1, 1 - (points + 1) / (2 * np.maximum(points, 1)), 0.0)
            true = true - rest * np.diff(true, axis=1, prepend=0.0)
            false = false - rest * np.diff(false, axis=1, prepend=0.0)
        precision = np.divide(true, true + false, out=np.zeros_like(true), where=true + false > 0)
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        found: NDArray[np.float64] = (precision * points).sum(axis=1) / 101
        found[targets == 0] = NAN
        return found

    def mean_precision(self, name: str = ALL) -> float:
        """:meth:`average_precision` of all sequences."""
        return float(self.average_precision(name)[0])

    def precision_bounds(self, name: str = ALL) -> tuple[float, float]:
        """Least and greatest average precision of all sequences, whatever the order of the detections within the bins.

        Args:
            name: Of an SCR bin, or :data:`ALL`.

        Returns:
            That with the false ones of each bin first, and that with the true ones first; NaN without any target.
        """
        chosen = slice(None) if name == ALL else slice(self.bins.index(name), self.bins.index(name) + 1)
        targets = self.targets[:, chosen].sum()
        true, false = self.true[:, chosen].sum(axis=(0, 1)), self.false.sum(axis=0)
        found = []
        for first, counts in ((0, (false, true)), (1, (true, false))):
            is_true = np.repeat(np.tile([first, 1 - first], len(true)), np.stack(counts, axis=1).ravel())
            ordered = ScoreCounts(('',), (), np.array([[targets]]), is_true[None, None], 1 - is_true[None], exact=True)
            found.append(ordered.mean_precision())
        return found[0], found[1]

    def merged(self, groups: int) -> ScoreCounts:
        """With neighboring sequences taken together, so that there are as many groups as asked, or fewer.

        Args:
            groups: How many; they are named after their first sequence.
        """
        starts = np.unique(np.linspace(0, len(self.sequences), min(groups, len(self.sequences)) + 1).astype(int))[:-1]
        if not len(starts):
            return self
        targets, true, false = (np.add.reduceat(one, starts, axis=0) for one in (self.targets, self.true, self.false))
        names = tuple(self.sequences[start] for start in starts)
        return ScoreCounts(names, self.bins, targets, true, false, self.exact)

    def to_dict(self) -> dict[str, Any]:
        """As JSON data; each true detection as the number ``SCR bin * score bins + score bin``."""
        return dict(
            name=list(self.sequences),
            scr_bins=list(self.bins),
            score_bins=self.false.shape[1],
            targets=self.targets.tolist(),
            true=[np.repeat(np.arange(one.size), one.ravel()).tolist() for one in self.true],
            false=self.false.tolist(),
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ScoreCounts:
        """The inverse of :meth:`to_dict`."""
        names, bins, count = tuple(data['name']), tuple(data['scr_bins']), int(data['score_bins'])
        cells = (len(bins) + 1) * count
        hits = [np.bincount(np.array(one, np.int64), minlength=cells) for one in data['true']]
        return cls(
            names,
            bins,
            np.array(data['targets'], np.int64).reshape(len(names), len(bins) + 1),
            np.array(hits, np.int64).reshape(len(names), len(bins) + 1, count),
            np.array(data['false'], np.int64).reshape(len(names), count),
        )


def count_by_score(
    coco: CocoEvaluation,
    edges: Sequence[float] = (),
    num_bins: int | None = None,
    indices: Iterable[int] | None = None,
    by_sequence: bool = True,
) -> ScoreCounts:
    """Count the detections of each sequence by score.

    Memory grows with the sequences times the bins of the score. Where each detection is a bin and there are many
    sequences, take them together.

    Args:
        coco: Detections matched with targets.
        edges: Ascending edges of SCR bins, ``low <= scr < high``; the last may be infinity.
        num_bins: Bins of the score, each with as many true detections as the others, so that recall rises evenly;
            None: a bin a detection.
        indices: Positions of the frames; None: all.
        by_sequence: False: all frames as one sequence, with an empty name.
    """
    frames = coco.frames
    chosen = range(len(frames)) if indices is None else sorted(set(indices))
    sequences = [frames[index].sequence if by_sequence else '' for index in chosen]
    names = tuple(dict.fromkeys(sequences))
    place_of = {name: place for place, name in enumerate(names)}
    bins = tuple(_name(low, high) for low, high in zip(edges, edges[1:]))
    targets = np.zeros((len(names), len(bins) + 1), np.int64)
    scores: list[NDArray[np.float64]] = []
    kinds: list[NDArray[np.int64]] = []  # the SCR bin of the target, -1: false
    owners: list[int] = []
    for index, sequence in zip(chosen, sequences):
        frame, owner = frames[index], place_of[sequence]
        inside = _bins_of(frame.scr, edges)
        np.add.at(targets[owner], inside[~frame.ignored], 1)
        found, matched, ignored = coco.matches(index)
        scores.append(found[~ignored])
        kinds.append(np.where(matched >= 0, inside[matched] if len(inside) else -1, -1)[~ignored])
        owners += [owner] * len(scores[-1])
    score = np.concatenate(scores) if scores else np.zeros(0)
    kind, owner_of = np.concatenate(kinds) if kinds else np.zeros(0, np.int64), np.array(owners, np.int64)
    order = np.argsort(-score, kind='mergesort')  # as pycocotools: equal scores in the order of the frames
    kind, owner_of = kind[order], owner_of[order]
    hits = np.cumsum(kind >= 0)
    total = int(hits[-1]) if len(hits) else 0
    kept = np.arange(len(kind)) <= (np.flatnonzero(kind >= 0)[-1] if total else -1)
    before: NDArray[np.int64] = (hits - (kind >= 0))[kept]
    kind, owner_of = kind[kept], owner_of[kept]
    count = len(kind) if num_bins is None else num_bins
    bin_of: NDArray[np.int64] = np.arange(count)
    if num_bins is not None:
        bin_of = np.minimum(before * num_bins // max(total, 1), num_bins - 1)
    true, false = np.zeros((len(names), len(bins) + 1, count), np.int64), np.zeros((len(names), count), np.int64)
    real = kind >= 0
    np.add.at(true, (owner_of[real], kind[real], bin_of[real]), 1)
    np.add.at(false, (owner_of[~real], bin_of[~real]), 1)
    return ScoreCounts(names, bins, targets, true, false, exact=num_bins is None)


def _bins_of(scr: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int64]:
    """Of each target; the number of bins where it is in none."""
    count = max(len(edges) - 1, 0)
    found = np.searchsorted(np.asarray(edges, np.float64), scr, side='right') - 1
    return np.where((found < 0) | (found >= count) | np.isnan(scr), count, found)


def _name(low: float, high: float) -> str:
    return f'{low:g}+' if math.isinf(high) else f'{low:g}-{high:g}'
