"""The curves and bars of a report, as numbers that a page draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmirstd.evaluation.functional.pd_fa_curve import PD_FA_LOGITS
from mmirstd.evaluation.resampling import percentile_interval
from mmirstd.utils.logits import logit_of, probability_of

from .breakdown import SCR_BINS, SIZE_BINS, group_targets
from .reliability import reliability_charts
from .run_analysis import RunAnalysis
from .run_groups import LEVEL, Resamples, RunGroup, mean_and_std
from .thresholds import REPORT_THRESHOLDS


def build_charts(
    groups: Sequence[RunGroup],
    summaries: Sequence[dict[str, Any]],
    runs: Sequence[RunAnalysis],
    draws: Resamples,
) -> list[dict[str, Any]]:
    """All charts.

    Args:
        groups: Groups of the runs.
        summaries: Of :func:`.run_groups.summarize_group`.
        runs: All of one kind.
        draws: For intervals.

    Returns:
        Of each its ``id``, ``title`` and ``kind``. ``'lines'``: axes and, a series a group, ``x`` and ``y``, a band
        ``low`` and ``high``, ``thresholds`` of the points and their ``logits``, and ``marks`` at the report's
        thresholds. ``'bars'``: bins and, a series a group, ``pd``, ``low`` and ``high``, lists over bins of lists over
        the thresholds. ``'reliability'``: a series a group, ``x``, ``y`` and ``counts`` of the bins, ``ece``.
    """
    members = [[runs[index] for index in group.runs] for group in groups]
    charts = _box_lines(members, summaries) if runs[0].kind == 'boxes' else _mask_lines(members, summaries)
    first = runs[0]
    size = 'Pd by target size (pixels)' if first.kind == 'masks' else 'Pd by area of the annotated box (pixels)'
    areas = [np.asarray(image.targets.areas, np.float64) for image in first.images]
    scr = [image.scr for image in first.images]
    charts.append(_bars('by-size', size, areas, SIZE_BINS, groups, runs, draws))
    charts.append(_bars('by-scr', 'Pd by local signal-to-clutter ratio', scr, SCR_BINS, groups, runs, draws))
    return charts + reliability_charts(members)


def _swept(summary: dict[str, Any], name: str, x: str, boxes: bool = False) -> dict[str, Any]:
    """A measure over another, at the report's thresholds."""
    measures = summary['sweep']['default']
    y, low, high = np.array(measures[name]['mean'], np.float64), None, None
    if measures[name]['std'] is not None:
        std = np.array(measures[name]['std'], np.float64)
        low, high = y - std, y + std
    elif name in summary['intervals']:
        low, high = (np.array(summary['intervals'][name][end], np.float64) for end in ('low', 'high'))
    across = np.array(measures[x]['mean'], np.float64)
    found = dict(x=across, y=y, low=low, high=high, thresholds=REPORT_THRESHOLDS, marks=dict(x=across, y=y))
    return found if boxes else dict(found, logits=logit_of(np.array(REPORT_THRESHOLDS)))


def _with_logits(series: dict[str, Any], runs: Sequence[RunAnalysis]) -> dict[str, Any]:
    """Pd over Fa, with the points at higher logits behind those of the slider, where all runs know them."""
    if not all(len(run.curves['pd']) for run in runs):
        return series
    logits = np.array(PD_FA_LOGITS)
    kept = logits > series['logits'][-1]
    pd, spread = mean_and_std(np.array([run.curves['pd'][kept] for run in runs]))
    fa, _ = mean_and_std(np.array([run.curves['fa'][kept] for run in runs]))
    nothing = np.full(len(pd), np.nan)
    further = dict(
        x=fa,
        y=pd,
        low=nothing if spread is None else pd - spread,
        high=nothing if spread is None else pd + spread,
        thresholds=probability_of(logits[kept]),
        logits=logits[kept],
    )
    joined = {
        name: None if series[name] is None else np.concatenate([np.asarray(series[name], np.float64), values])
        for name, values in further.items()
    }
    return {**series, **joined}


def _mean_curve(
    members: Sequence[RunAnalysis], x: str, y: str, marks: dict[str, Any], part: slice = slice(None)
) -> dict[str, Any]:
    """Means over the seeds at thresholds of the curve's own."""
    across, _ = mean_and_std(np.array([run.curves[x][part] for run in members]))
    mean, std = mean_and_std(np.array([run.curves[y][part] for run in members]))
    low, high = (None, None) if std is None else (mean - std, mean + std)
    first = members[0].curves
    return dict(
        x=across,
        y=mean,
        low=low,
        high=high,
        thresholds=first['thresholds'][part],
        logits=first['logits'][part],
        marks=marks,
    )


def _mask_lines(members: Sequence[Sequence[RunAnalysis]], summaries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    inner = slice(1, -1)  # without the two ends, nothing and everything positive, which are no thresholds
    roc, pixels = [], []
    for runs, summary in zip(members, summaries):
        sweep = summary['sweep']['default']
        recall, precision = (np.array(sweep[name]['mean'], np.float64) for name in ('recall', 'precision'))
        rates = []
        for run in runs:
            total = {name: np.array(values, np.float64) for name, values in run.summary['totals']['pixel'].items()}
            rates.append(total['fp'] / (total['fp'] + total['tn']))
        roc.append(_mean_curve(runs, 'fpr', 'tpr', dict(x=np.mean(rates, axis=0), y=recall), inner))
        pixels.append(_mean_curve(runs, 'tpr', 'precision', dict(x=recall, y=precision), inner))
    return [
        _lines(
            'pd-fa',
            'Pd over Fa',
            'Fa',
            'Pd',
            [_with_logits(_swept(one, 'Pd', 'Fa'), runs) for one, runs in zip(summaries, members)],
            log=True,
        ),
        _lines('roc', 'ROC by pixel', 'false positive rate', 'true positive rate', roc, log=True),
        _lines('pr-pixel', 'Precision and recall by pixel', 'recall', 'precision', pixels),
        _lines(
            'pr-target',
            'Precision and recall by target',
            'recall of targets (Pd)',
            'precision of components',
            [_swept(one, 'target_precision', 'Pd') for one in summaries],
        ),
    ]


def _box_lines(members: Sequence[Sequence[RunAnalysis]], summaries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    curves = []
    for runs, summary in zip(members, summaries):
        sweep = summary['sweep']['default']
        mean, std = mean_and_std(np.array([run.curves['interpolated'] for run in runs]))
        curves.append(
            dict(
                x=runs[0].curves['recall'],
                y=mean,
                low=None if std is None else np.maximum(mean - std, 0),
                high=None if std is None else np.minimum(mean + std, 1),
                thresholds=None,
                marks=dict(
                    x=np.array(sweep['box_recall']['mean'], np.float64),
                    y=np.array(sweep['box_precision']['mean'], np.float64),
                ),
                raw=[
                    dict(x=raw['recall'], y=raw['precision'], thresholds=raw['score'])
                    for raw in (run.curves['raw'] for run in runs)
                ],
            )
        )
    return [
        _lines('pr', 'Precision and recall at IoU 0.5', 'recall', 'precision', curves),
        _lines(
            'pd-fa',
            'Pd over Fa, by centers',
            'Fa',
            'Pd',
            [_swept(one, 'Pd', 'Fa', True) for one in summaries],
            log=True,
        ),
        _lines(
            'pd-false',
            'Pd over false alarms, by centers',
            'false alarms a frame',
            'Pd',
            [_swept(one, 'Pd', 'false_per_frame', True) for one in summaries],
            log=True,
        ),
    ]


def _lines(
    name: str, title: str, x: str, y: str, series: Sequence[dict[str, Any]], log: bool = False
) -> dict[str, Any]:
    return dict(
        id=name, kind='lines', title=title, xLabel=x, yLabel=y, log=log, series=[_rounded(one) for one in series]
    )


def _bars(
    name: str,
    title: str,
    values: Sequence[np.ndarray],
    bins: tuple[tuple[str, float, float], ...],
    groups: Sequence[RunGroup],
    runs: Sequence[RunAnalysis],
    draws: Resamples,
) -> dict[str, Any]:
    """Pd of the targets in bins of something known of each."""
    labels, inside = group_targets(np.concatenate(values), bins)
    owner = np.repeat(np.arange(len(values)), [len(one) for one in values])
    targets = np.array([np.bincount(owner[part], minlength=len(values)) for part in inside], np.float64)
    series = []
    for group in groups:
        # (S, bins, N, K)
        hits = np.array([_hits(runs[index], draws.order[index], inside, owner) for index in group.runs])
        found = hits.sum(axis=2)
        series.append(dict(_rates(hits, targets, draws), detected=_plain(found.mean(axis=0))))
    return dict(
        id=name,
        kind='bars',
        title=title,
        bins=[dict(label=label, targets=int(count)) for label, count in zip(labels, targets.sum(axis=1))],
        series=series,
    )


def _hits(run: RunAnalysis, order: np.ndarray, inside: Sequence[np.ndarray], owner: np.ndarray) -> np.ndarray:
    """(bins, N, K): detected targets of each bin in each image."""
    codes = [run.images[index].iou_codes for index in order]
    detected = np.concatenate(codes) > 0
    found = np.zeros((len(inside), len(order), len(REPORT_THRESHOLDS)), np.float64)
    for index, part in enumerate(inside):
        np.add.at(found[index], owner[part], detected[part].astype(np.float64))
    return found


def _rates(hits: np.ndarray, targets: np.ndarray, draws: Resamples) -> dict[str, Any]:
    """Pd of each bin at each threshold, with its band: the spread of several seeds, or the interval of one."""
    totals = targets.sum(axis=1)
    with np.errstate(invalid='ignore', divide='ignore'):
        rates = hits.sum(axis=2) / totals[None, :, None]
        mean, std = mean_and_std(rates)
        if std is not None:
            low, high = np.maximum(mean - std, 0), np.minimum(mean + std, 1)
        else:
            drawn = np.einsum('rn,bnk->brk', draws.weights, hits[0], optimize=True)
            drawn /= np.einsum('rn,bn->br', draws.weights, targets)[:, :, None]
            ends = np.array(
                [[percentile_interval(one[:, k], LEVEL) for k in range(one.shape[1])] for one in drawn], np.float64
            )
            low, high = ends[..., 0], ends[..., 1]
    return dict(pd=_plain(mean), low=_plain(low), high=_plain(high))


def _rounded(series: dict[str, Any]) -> dict[str, Any]:
    def convert(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: convert(item) for name, item in value.items()}
        if isinstance(value, list):
            return [convert(item) for item in value]
        return None if value is None else _plain(np.asarray(value, np.float64))

    return {name: convert(value) for name, value in series.items()}


def _plain(values: np.ndarray) -> Any:
    """Lists of numbers with six digits; None for what is not finite."""
    if values.ndim > 1:
        return [_plain(part) for part in values]
    return [float(f'{value:.6g}') if np.isfinite(value) else None for value in values]
