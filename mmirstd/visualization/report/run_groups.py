"""Runs that differ by their seed only, taken together: means, spreads and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmirstd.evaluation.image_counts import BOX_COUNTS, BOX_MEASURES, COUNTS, MEASURES, measure
from mmirstd.evaluation.resampling import percentile_interval, resample_weights, sequence_units

from .run_analysis import RunAnalysis
from .thresholds import REPORT_THRESHOLDS

#: Coverage of the intervals.
LEVEL = 0.95
RESAMPLES = 1000


@dataclass(frozen=True)
class RunGroup:
    """Runs that belong together.

    Attributes:
        name: What the report calls them.
        runs: Their numbers among all runs; one a seed.
    """

    name: str
    runs: tuple[int, ...]


@dataclass(frozen=True)
class Resamples:
    """Draws of the test images, the same for all runs and measures.

    Attributes:
        order: Of each run, where the first run's images are among its own.
        weights: (R, N) how often each image is in each draw.
        units: What was drawn, ``'images'`` or ``'sequences'``.
        count: How many of them there are.
    """

    order: tuple[np.ndarray, ...]
    weights: np.ndarray
    units: str
    count: int


def draw_resamples(runs: Sequence[RunAnalysis]) -> Resamples:
    """Draw images, or sequences where there are some.

    Args:
        runs: Of the same images.
    """
    names = [image.name for image in runs[0].images]
    places = [{image.name: index for index, image in enumerate(run.images)} for run in runs]
    order = tuple(np.array([place[name] for name in names], np.int64) for place in places)
    units = sequence_units(runs[0].sequences)
    count = len(names) if units is None else int(units.max()) + 1
    weights = resample_weights(len(names), units, RESAMPLES)
    return Resamples(order, weights, 'images' if units is None else 'sequences', count)


def summarize_group(group: RunGroup, runs: Sequence[RunAnalysis], draws: Resamples) -> dict[str, Any]:
    """Everything a page shows of a group.

    Args:
        group: Some of the runs.
        runs: All runs.
        draws: Of :func:`draw_resamples`.

    Returns:
        ``name``, ``runs``; ``own``: protocol -> measure -> ``[mean, standard deviation]``, the latter None for one run;
        ``sweep``: protocol -> measure -> ``mean`` and ``std``, lists over the thresholds; ``intervals``: measure of the
        default protocol -> ``low`` and ``high``, lists over the thresholds.
    """
    members = [runs[index] for index in group.runs]
    own: dict[str, dict[str, list[float | None]]] = {}
    sweep: dict[str, dict[str, dict[str, Any]]] = {}
    for protocol, measures in members[0].summary['own'].items():
        own[protocol], sweep[protocol] = {}, {}
        for name in measures:
            mean, std = mean_and_std(np.array([[run.summary['own'][protocol][name] for run in members]]).T)
            own[protocol][name] = [float(mean[0]), None if std is None else float(std[0])]
            mean, std = mean_and_std(np.array([run.summary['sweep'][protocol][name] for run in members]))
            sweep[protocol][name] = dict(mean=mean.tolist(), std=None if std is None else std.tolist())
    return dict(
        name=group.name, runs=list(group.runs), own=own, sweep=sweep, intervals=_intervals(group, members, draws)
    )


def mean_and_std(values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean over the first axis and sample standard deviation, None of a single row.

    Args:
        values: (S, ...), S seeds.
    """
    return values.mean(axis=0), values.std(axis=0, ddof=1) if len(values) > 1 else None


def _intervals(group: RunGroup, members: Sequence[RunAnalysis], draws: Resamples) -> dict[str, dict[str, Any]]:
    boxes = members[0].kind == 'boxes'
    found: dict[str, dict[str, Any]] = {}
    tables = [
        {count: run.counts[count][:, draws.order[index]] for count in (BOX_COUNTS if boxes else COUNTS)}
        for index, run in zip(group.runs, members)
    ]
    for name in BOX_MEASURES if boxes else MEASURES:
        ends: list[tuple[float | None, float | None]] = []
        for k in range(len(REPORT_THRESHOLDS)):
            values = [
                measure({count: column[k] for count, column in table.items()}, name, draws.weights) for table in tables
            ]
            ends.append(percentile_interval(np.mean(values, axis=0), LEVEL))
        found[name] = dict(low=[low for low, _ in ends], high=[high for _, high in ends])
    if boxes:
        low, high = _average_precision(group, members, draws)
        found['mAP50'] = dict(low=[low] * len(REPORT_THRESHOLDS), high=[high] * len(REPORT_THRESHOLDS))
    return found


def _average_precision(
    group: RunGroup, members: Sequence[RunAnalysis], draws: Resamples
) -> tuple[float | None, float | None]:
    """The interval of mAP50, from binned scores; moved by what the bins change of the figure itself."""
    drawn, exact, binned = [], [], []
    for index, run in zip(group.runs, members):
        assert run.scores is not None
        if len(run.scores.sequences) < 2:
            return None, None  # the counts of one sequence, however its images are drawn
        first = np.unique(_unit_of(run), return_index=True)[1]
        # A unit's weight is that of any of its images.
        inverse = np.argsort(draws.order[index])
        weights = draws.weights[:, inverse][:, first]
        drawn.append(run.scores.average_precision(weights=weights))
        binned.append(run.scores.mean_precision())
        exact.append(run.summary['own']['default']['mAP50'])
    low, high = percentile_interval(np.mean(drawn, axis=0), LEVEL)
    move = float(np.mean(exact) - np.mean(binned))
    if low is None or high is None:
        return None, None
    return max(0.0, low + move), min(1.0, high + move)


def _unit_of(run: RunAnalysis) -> np.ndarray:
    """The number of each image's unit in ``run.scores``."""
    units = [sequence or f'image {index}' for index, sequence in enumerate(run.sequences)]
    assert run.scores is not None
    place = {name: index for index, name in enumerate(run.scores.sequences)}
    return np.array([place[unit] for unit in units], np.int64)
