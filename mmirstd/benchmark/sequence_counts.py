"""Detections of each test sequence, for comparisons over seeds and sequences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mmirstd.evaluation.functional.score_counts import ALL, ScoreCounts
from mmirstd.evaluation.seed_statistics import PairedDifference, mean_and_spread, paired_difference

#: Into how many groups the test sequences are taken together for a record; as good as single ones for resamples, and
#: small in a file.
GROUPS = 200
#: By rounding pycocotools may reach a recall point one detection later than it is counted here.
ROUNDING = 1 / 101


def read_sequence_counts(written: Mapping[str, Any]) -> dict[str, Any]:
    """What goes into a record, from the file of ``tools/test.py --per-sequence``."""
    return ScoreCounts.from_dict(written).merged(GROUPS).to_dict()


def bin_of(figure: str) -> str:
    """The SCR bin of ``mAP50_scr/BIN``, or all targets together of ``mAP50``."""
    return figure.removeprefix('mAP50_scr/') if figure != 'mAP50' else ALL


def spread_over_sequences(
    a: Sequence[ScoreCounts], b: Sequence[ScoreCounts], figure: str, resamples: int = 2000, seed: int = 0
) -> float:
    """Standard deviation, over resamples of the test sequences, of the mean difference of A and B.

    A resample draws as many sequences as there are, with replacement, and is the same for A, B and all seeds.

    Args:
        a: A's counts, one a seed.
        b: B's, of the same seeds in the same order, and of the same sequences.
        figure: ``mAP50`` or ``mAP50_scr/BIN``.
        resamples: How many.
        seed: Of the drawing.

    Raises:
        ValueError: Not the same number, or other sequences.
    """
    if not a or len(a) != len(b):
        raise ValueError(f'counts of {len(a)} seeds of A and {len(b)} of B are no pairs')
    names = a[0].sequences
    if any(counts.sequences != names for counts in (*a, *b)):
        raise ValueError('the counts are not of the same sequences in the same order')
    rng = np.random.default_rng(seed)
    chances = np.full(len(names), 1 / len(names))
    weights = rng.multinomial(len(names), chances, size=resamples).astype(np.float64)
    name = bin_of(figure)
    drawn = np.mean(
        [one.average_precision(name, weights) - other.average_precision(name, weights) for one, other in zip(a, b)],
        axis=0,
    )
    drawn = drawn[np.isfinite(drawn)]  # a resample may hold no target of a bin at all
    return float(drawn.std(ddof=1)) if len(drawn) > 1 else math.nan


def difference_over_both(
    a: Sequence[float], b: Sequence[float], over_sequences: float, sequences: int, level: float = 0.95
) -> PairedDifference:
    """A minus B with an interval for other seeds and other sequences.

    The variance of the mean is that over the seeds, as of a paired t interval, plus that over the sequences. (What
    depends on both is in each of them, so that the interval is rather too wide.) The degrees of freedom of the sum are
    Welch's and Satterthwaite's.

    Args:
        a: A's figures, one a seed.
        b: B's, of the same seeds in the same order.
        over_sequences: Standard deviation of the mean difference over sequences.
        sequences: How many there are.
        level: Coverage of the interval.

    Raises:
        ValueError: Other lengths, or none.
    """
    found = paired_difference(a, b, level)
    _, spread = mean_and_spread([x - y for x, y in zip(a, b)])
    if spread is None or not math.isfinite(over_sequences):
        return replace(found, low=None, high=None)
    from scipy.stats import t

    parts = [(spread**2 / found.n, found.n - 1), (over_sequences**2, sequences - 1)]
    variance = math.fsum(part for part, _ in parts)
    below = math.fsum(part**2 / freedom for part, freedom in parts if freedom > 0)
    half = float(t.ppf(0.5 + level / 2, variance**2 / below)) * math.sqrt(variance) if below > 0 else 0.0
    return replace(found, low=found.mean - half, high=found.mean + half)
