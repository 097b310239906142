"""Analyze the dump of one test run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mmirstd.evaluation.functional import Components, ProtocolSpec, get_protocol, roc_curve, target_scr
from mmirstd.evaluation.functional.binarize import PredictionRule
from mmirstd.evaluation.functional.calibration import LogitCounts
from mmirstd.evaluation.functional.pd_fa_curve import PD_FA_LOGITS, pd_fa_counts
from mmirstd.evaluation.functional.roc_curve import HISTOGRAM_BINS, score_histograms
from mmirstd.evaluation.functional.score_counts import ScoreCounts
from mmirstd.evaluation.prediction_dump import PredictionDump
from mmirstd.utils.components import component_maxima
from mmirstd.utils.errors import DataError
from mmirstd.utils.logits import logit_of
from mmirstd.utils.renamed import renamed_names

from .sweep import ProtocolSweep
from .threshold_findings import FalseAlarms, FindingCollector
from .thresholds import CANDIDATE_THRESHOLD, REPORT_THRESHOLDS

if TYPE_CHECKING:
    from .box_analysis import BoxTargets
else:
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
        iou: (K,) at each threshold: IoU of all its pixels, 1 where nothing is and nothing is predicted; of boxes the
            mean of the detected targets, NaN without any.
        claims: (M,) highest score of what is found above ``CANDIDATE_THRESHOLD``.
        true: (M,) bool, which of it is matched to a target.
    """

    name: str
    truth_key: str
    targets: Components | BoxTargets
    scr: np.ndarray
    scores: np.ndarray
    iou_codes: np.ndarray
    alarms: FalseAlarms
    iou: np.ndarray
    claims: np.ndarray
    true: np.ndarray


@dataclass(frozen=True)
class RunAnalysis:
    """One run, all thresholds.

    Attributes:
        name: What the report calls it.
        dump: Where it came from.
        images: In data-set order.
        summary: Everything about the whole run, fit for JSON but for NaN: ``own`` and ``sweep`` (measures),
            ``totals``, ``notices``.
        kind: ``'masks'`` or ``'boxes'``.
        counts: What :func:`mmirstd.evaluation.image_counts.measure` needs, (K, N) each: threshold, image; and
            ``false``, the false alarms.
        curves: Arrays of the curves that have thresholds of their own.
        sequences: (N) the sequence of each image, ``''`` where it is in none.
        scores: Of boxes, for intervals of mAP50.
        pixels: How many pixels have which logit; None of boxes.
    """

    name: str
    dump: PredictionDump
    images: list[ImageAnalysis]
    summary: dict[str, Any]
    kind: str = 'masks'
    counts: dict[str, np.ndarray] = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=dict)
    sequences: tuple[str, ...] = ()
    scores: ScoreCounts | None = None
    pixels: LogitCounts | None = None


def analyze_run(
    dump: PredictionDump,
    name: str,
    protocols: Sequence[str | ProtocolSpec] = ('default',),
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> RunAnalysis:
    """Evaluate a dump by all protocols at all thresholds and collect its findings.

    Args:
        dump: The run; one of boxes is handed on to :func:`.box_analysis.analyze_boxes`.
        name: What the report calls it.
        protocols: ``'default'`` is always among them; of masks, boxes have protocols of their own.
        progress: Wraps the loop over the images, e.g. ``tqdm``.

    Raises:
        DataError: A file of the dump is damaged, or two images have one ID.
        KeyError: An unknown protocol.
    """
    if dump.boxes is not None:
        from .box_analysis import analyze_boxes

        return analyze_boxes(dump, dump.boxes, name, progress)
    check_names(dump)
    specs = {spec.name: spec for spec in (get_protocol(p) for p in ('default', *protocols))}
    rule = specs['default'].target_rule
    sweep = ProtocolSweep(list(specs.values()))
    images: list[ImageAnalysis] = []
    background, target = np.zeros((2, HISTOGRAM_BINS), np.int64)
    pixels = LogitCounts()
    beyond: list[np.ndarray] = []
    for index in progress(range(len(dump))):
        image = dump[index]
        evidences = sweep.add(image.probability, image.mask, image.name)
        collector: FindingCollector | None = None
        for threshold, evidence in zip(REPORT_THRESHOLDS, evidences):
            targets = evidence.targets(rule.truth)
            if collector is None:
                collector = FindingCollector(image.probability, targets, REPORT_THRESHOLDS)
            predictions = evidence.predicted_components(PredictionRule(threshold))
            matches = rule.match(targets, predictions)
            collector.add(predictions, matches)
            if threshold == CANDIDATE_THRESHOLD:
                claims, true = component_maxima(predictions, image.probability), matches.matched
        assert collector is not None  # there are thresholds
        found, alarms = collector.finish()
        mask = evidence.mask(rule.truth)
        for total, histogram in zip((background, target), score_histograms(image.probability, mask, image.logit)):
            total += histogram
        logit = logit_of(image.probability) if image.logit is None else image.logit
        pixels.add(logit, mask)
        if image.logit is not None:
            beyond.append(pd_fa_counts(image.logit, evidence.targets(rule.truth), PD_FA_LOGITS))
        images.append(
            ImageAnalysis(
                image.name,
                hashlib.sha1(repr(mask.shape).encode() + np.packbits(mask).tobytes()).hexdigest(),
                targets,
                target_scr(image.gray, targets),
                component_maxima(targets, image.probability),
                found.iou_codes,
                alarms,
                np.zeros(0),  # below, from the counts
                claims,
                true,
            )
        )
    counts = _counts(sweep, np.array([entry['height'] * entry['width'] for entry in dump.entries], np.float64))
    union = counts['tp'] + counts['fp'] + counts['fn']
    iou = np.divide(counts['tp'], union, out=np.ones_like(union), where=union > 0)
    images = [replace(image, iou=iou[:, index]) for index, image in enumerate(images)]

    roc = roc_curve([background], [target])
    own, moved = sweep.own_measures(), sweep.measures()
    own['default']['AUC'] = roc.auc
    moved['default']['AUC'] = [roc.auc] * len(REPORT_THRESHOLDS)
    summary = dict(
        own=own,
        sweep=moved,
        totals=dict(targets=sweep.totals('targets'), pixel=sweep.totals('pixel')),
        notices=_notices(dump, own),
    )
    curves = dict(
        thresholds=roc.thresholds,
        logits=roc.logits,
        fpr=roc.fpr,
        tpr=roc.tpr,
        precision=roc.precision,
        background=background,
        target=target,
        **_beyond(beyond, images, counts),
    )
    return RunAnalysis(
        name, dump, images, summary, counts=counts, curves=curves, sequences=('',) * len(images), pixels=pixels
    )


def _beyond(
    found: Sequence[np.ndarray], images: Sequence[ImageAnalysis], counts: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """``pd`` and ``fa`` at :data:`PD_FA_LOGITS`; empty unless all images have logits."""
    if len(found) < len(images):
        return dict(pd=np.zeros(0), fa=np.zeros(0))
    total = np.sum(found, axis=0).astype(np.float64)
    targets = sum(len(image.targets) for image in images)
    return dict(
        pd=total[:, 0] / targets if targets else np.full(len(total), np.nan), fa=total[:, 1] / counts['pixels'][0].sum()
    )


def check_names(dump: PredictionDump) -> None:
    """Raise DataError where two images of a dump have one ID."""
    if len({entry['name'] for entry in dump.entries}) < len(dump.entries):
        raise DataError(f'{dump.folder}: several images have the same ID; a report needs to tell them apart')


def recorded_notices(dump: PredictionDump) -> list[str]:
    """What the test said, but for the sizes of protocols, which stand in the rows of the table."""
    given = [str(notice) for notice in dump.record.get('notices') or ()]
    return [notice for notice in given if ' officially evaluates ' not in notice]


def _counts(sweep: ProtocolSweep, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """The default protocol's counts of each image at each threshold."""
    found = {**sweep.of_images('pixel'), **sweep.of_images('targets')}
    counts = {name: found[name] for name in ('tp', 'fp', 'fn', 'targets', 'detected', 'false_pixels')}
    counts['false'] = found['components'] - found['matched']
    counts['pixels'] = np.broadcast_to(pixels, counts['tp'].shape)
    return counts


def _notices(dump: PredictionDump, own: dict[str, dict[str, float]]) -> list[str]:
    """What a reader should know: the run's own notices, and measures that are not those it recorded."""
    notices = recorded_notices(dump)
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
