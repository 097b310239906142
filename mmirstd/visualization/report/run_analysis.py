"""Analyze the dump of one test run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmirstd.evaluation.functional import Components, ProtocolSpec, get_protocol, roc_curve, target_scr
from mmirstd.evaluation.functional.binarize import PredictionRule
from mmirstd.evaluation.functional.roc_curve import score_histograms
from mmirstd.evaluation.prediction_dump import PredictionDump
from mmirstd.utils.components import component_maxima
from mmirstd.utils.errors import DataError
from mmirstd.utils.renamed import renamed_names

from .breakdown import SCR_BINS, SIZE_BINS, pd_by
from .sweep import ProtocolSweep
from .threshold_findings import FalseAlarms, FindingCollector
from .thresholds import REPORT_THRESHOLDS

if not TYPE_CHECKING:
    __getattr__ = renamed_names(__name__, {'analyse_run': 'analyze_run'})

# Recorded and recomputed measures are the same numbers; this only forgives another NumPy's last bit.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class ImageAnalysis:
    """One image of a run.

    Attributes:
        name: Its ID.
        truth_key: Digest of size and mask, to see that two runs had the same ground truth.
        targets: Its N targets.
        scr: (N,) local SCR, NaN where not known.
        scores: (N,) highest probability inside each target.
        iou_codes: (N, K) uint8, see :class:`.threshold_findings.TargetFindings`.
        alarms: Its false alarms.
    """

    name: str
    truth_key: str
    targets: Components
    scr: np.ndarray
    scores: np.ndarray
    iou_codes: np.ndarray
    alarms: FalseAlarms


@dataclass(frozen=True)
class RunAnalysis:
    """One run, all thresholds.

    Attributes:
        name: What the report calls it.
        dump: Where it came from.
        images: In data-set order.
        summary: Everything about the whole run, fit for JSON but for NaN: ``own`` and ``sweep`` (measures),
            ``totals``, ``roc``, ``size``, ``scr``, ``notices``.
    """

    name: str
    dump: PredictionDump
    images: list[ImageAnalysis]
    summary: dict[str, Any]


def analyze_run(
    dump: PredictionDump,
    name: str,
    protocols: Sequence[str | ProtocolSpec] = ('default',),
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> RunAnalysis:
    """Evaluate a dump by all protocols at all thresholds and collect its findings.

    Args:
        dump: The run.
        name: What the report calls it.
        protocols: ``'default'`` is always among them.
        progress: Wraps the loop over the images, e.g. ``tqdm``.

    Raises:
        DataError: A file of the dump is damaged, or two images have one ID.
        KeyError: An unknown protocol.
    """
    specs = {spec.name: spec for spec in (get_protocol(p) for p in ('default', *protocols))}
    rule = specs['default'].target_rule
    sweep = ProtocolSweep(list(specs.values()))
    images: list[ImageAnalysis] = []
    background, target = np.zeros((2, 641), np.int64)
    for index in progress(range(len(dump))):
        image = dump[index]
        evidences = sweep.add(image.probability, image.mask, image.name)
        collector: FindingCollector | None = None
        for threshold, evidence in zip(REPORT_THRESHOLDS, evidences):
            targets = evidence.targets(rule.truth)
            if collector is None:
                collector = FindingCollector(image.probability, targets, REPORT_THRESHOLDS)
            predictions = evidence.predicted_components(PredictionRule(threshold))
            collector.add(predictions, rule.match(targets, predictions))
        assert collector is not None  # there are thresholds
        found, alarms = collector.finish()
        mask = evidence.mask(rule.truth)
        for total, histogram in zip((background, target), score_histograms(image.probability, mask)):
            total += histogram
        images.append(
            ImageAnalysis(
                image.name,
                hashlib.sha1(repr(mask.shape).encode() + np.packbits(mask).tobytes()).hexdigest(),
                targets,
                target_scr(image.gray, targets),
                component_maxima(targets, image.probability),
                found.iou_codes,
                alarms,
            )
        )
    if len({image.name for image in images}) < len(images):
        raise DataError(f'{dump.folder}: several images have the same ID; a report needs to tell them apart')

    roc = roc_curve([background], [target])
    own, moved = sweep.own_measures(), sweep.measures()
    own['default']['AUC'] = roc.auc
    moved['default']['AUC'] = [roc.auc] * len(REPORT_THRESHOLDS)
    codes = np.concatenate([image.iou_codes for image in images])
    areas = np.concatenate([image.targets.areas for image in images]).astype(np.float64)
    scr = np.concatenate([image.scr for image in images])
    summary = dict(
        own=own,
        sweep=moved,
        totals=dict(targets=sweep.totals('targets'), pixel=sweep.totals('pixel')),
        roc=dict(fpr=roc.fpr, tpr=roc.tpr),
        size=pd_by(areas, codes > 0, SIZE_BINS),
        scr=pd_by(scr, codes > 0, SCR_BINS),
        notices=_notices(dump, own),
    )
    return RunAnalysis(name, dump, images, summary)


def _notices(dump: PredictionDump, own: dict[str, dict[str, float]]) -> list[str]:
    """What a reader should know: the run's own notices, and measures that are not those it recorded."""
    notices = [str(notice) for notice in dump.record.get('notices') or ()]
    recorded = dump.record.get('metrics') or {}
    different = []
    for protocol, measures in own.items():
        for measure, value in measures.items():
            before = recorded.get(measure if protocol == 'default' else f'{protocol}/{measure}')
            # RPCANet divides each map by its maximum, which the quantized maps give only nearly.
            tolerance = 2e-3 if protocol == 'rpcanet' else _TOLERANCE
            if isinstance(before, (int, float)) and abs(before - value) > tolerance * max(1.0, abs(before)):
                different.append(f'{protocol} {measure} {value:.6g} (recorded {before:.6g})')
    if different:
        notices.append(
            'Not what the test run recorded, so the dump and its metrics.json do not belong together or '
            'the run used another threshold: ' + ', '.join(different)
        )
    return notices
