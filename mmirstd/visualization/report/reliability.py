"""Do a run's scores mean what they say? Reliability by pixel and by target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmirstd.evaluation.functional.calibration import LogitCounts, expected_error, reliability_bins

from .run_analysis import RunAnalysis
from .thresholds import CANDIDATE_THRESHOLD


def pixel_reliability(runs: Sequence[RunAnalysis]) -> dict[str, Any] | None:
    """Reliability by pixel of the runs of a group, their pixels together; None of boxes.

    Returns:
        ``said`` and ``true``, (B,): mean probability of each bin, and the share of its pixels that are target;
        ``counts``, (B,); ``ece``, ``nll`` and ``brier``.
    """
    known = [run.pixels for run in runs if run.pixels is not None]
    if not known:
        return None
    total = LogitCounts.merged(known)
    said, true, counts = total.diagram()
    measures = total.measure()
    return dict(said=said, true=true, counts=counts, ece=measures.ece, nll=measures.nll, brier=measures.brier)


def target_reliability(runs: Sequence[RunAnalysis]) -> dict[str, Any]:
    """Likewise of what the runs find: the share of it that are targets; ``ece`` is NaN where nothing is found."""
    images = [image for run in runs for image in run.images]
    claims = np.concatenate([image.claims for image in images])
    true = np.concatenate([image.true for image in images]).astype(bool)
    said, share, counts = reliability_bins(claims.astype(np.float64), ~true * 1.0, true * 1.0)
    return dict(said=said, true=share, counts=counts, ece=expected_error(said, share, counts))


def reliability_charts(members: Sequence[Sequence[RunAnalysis]]) -> list[dict[str, Any]]:
    """The two diagrams, a series a group; see :func:`.charts.build_charts`."""
    masks = members[0][0].kind == 'masks'
    found = [target_reliability(runs) for runs in members]
    charts = [
        _chart('target', f'Reliability of what is found above {CANDIDATE_THRESHOLD:g}', 'share that are targets', found)
    ]
    if masks:
        pixels = [one for runs in members if (one := pixel_reliability(runs)) is not None]
        charts.insert(0, _chart('pixel', 'Reliability by pixel', 'share of pixels that are target', pixels))
    claim = 'mean probability' if masks else 'mean score'
    return [dict(chart, xLabel=claim) for chart in charts]


def _chart(level: str, title: str, label: str, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return dict(
        id=f'reliability-{level}',
        kind='reliability',
        title=title,
        yLabel=label,
        unit='pixels' if level == 'pixel' else 'found',
        series=[_series(one) for one in found],
    )


def _series(found: dict[str, Any]) -> dict[str, Any]:
    points = dict(x=found['said'], y=found['true'], counts=found['counts'])
    series: dict[str, Any] = {name: [float(f'{value:.6g}') for value in values] for name, values in points.items()}
    series.update({name: float(found[name]) for name in ('ece', 'nll', 'brier') if name in found})
    return series
