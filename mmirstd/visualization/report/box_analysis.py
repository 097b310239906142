"""Analyze the boxes of a detector's test run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmirstd.datasets.labels.shapes import Box, filled
from mmirstd.evaluation.box_dump import BoxRule, DumpedBoxes
from mmirstd.evaluation.functional import CocoEvaluation, FrameDetections
from mmirstd.evaluation.functional.box_pd_fa import box_centers, count_frame, match_frame, summarize_counts
from mmirstd.evaluation.functional.box_protocols import BOX_PROTOCOLS, summarize_boxes
from mmirstd.evaluation.functional.class_confusion import class_confusion
from mmirstd.evaluation.functional.score_counts import count_by_score
from mmirstd.evaluation.image_counts import BOX_COUNTS
from mmirstd.evaluation.prediction_dump import PredictionDump
from mmirstd.utils.scr import labeled_scr

from .run_analysis import ImageAnalysis, RunAnalysis, check_names, recorded_notices
from .threshold_findings import IOU_STEPS, MAX_ALARMS_PER_IMAGE, FalseAlarms
from .thresholds import CANDIDATE_THRESHOLD, REPORT_THRESHOLDS

# Bins of the score for intervals of mAP50: fine enough, and small.
_SCORE_BINS = 200
# Recorded and recomputed measures are the same numbers; this only forgives another library's last bit.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class BoxTargets:
    """The N annotated boxes of an image that are not ignored.

    Attributes:
        corners: (N, 4) x1, y1, x2, y2 in pixel edges.
    """

    corners: np.ndarray

    def __len__(self) -> int:
        return len(self.corners)

    @property
    def centroids(self) -> np.ndarray:
        """(N, 2) row and column of the centers; the first pixel's is 0, 0."""
        return box_centers(self.corners)[:, ::-1] - 0.5

    @property
    def areas(self) -> np.ndarray:
        """(N,) in pixels."""
        return np.prod(self.corners[:, 2:] - self.corners[:, :2], axis=1)

    @property
    def boxes(self) -> np.ndarray:
        """(N, 4) int: top, left, bottom, right of the pixels touched (the last two exclusive)."""
        low, high = np.floor(self.corners[:, :2]), np.ceil(self.corners[:, 2:])
        return np.concatenate([low[:, ::-1], high[:, ::-1]], axis=1).astype(np.int64)


def analyze_boxes(
    dump: PredictionDump,
    boxes: DumpedBoxes,
    name: str,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> RunAnalysis:
    """Evaluate a detector's boxes at all thresholds of the score and collect its findings.

    Targets and detections are matched by their centers, as Pd and Fa count them; average precision and the curve of
    precision and recall are pycocotools'.

    Args:
        dump: The run.
        boxes: Its boxes.
        name: What the report calls it.
        progress: Wraps the loop over the images.

    Raises:
        DataError: A file of the dump is damaged, or two images have one ID.
    """
    check_names(dump)
    frames, rule = boxes.frames, boxes.rule
    images = []
    # (K, N) numbers, not an entry a frame and threshold: these took 33 kB a frame
    arrays = {count: np.zeros((len(REPORT_THRESHOLDS), len(frames))) for count in BOX_COUNTS}
    for index in progress(range(len(dump))):
        for k, threshold in enumerate(REPORT_THRESHOLDS):
            found = count_frame(frames[index], threshold, rule.max_distance)
            for count, values in arrays.items():
                values[k, index] = found[count]
        images.append(_image(frames[index], dump[index].gray, rule.max_distance))
    single = frames if rule.num_classes == 1 else [_one_class(frame) for frame in frames]
    coco = CocoEvaluation(frames, rule.num_classes)
    merged = coco if single is frames else CocoEvaluation(single)
    fixed = {protocol: summarize_boxes(coco, protocol) for protocol in BOX_PROTOCOLS}
    own = _measures(fixed, [count_frame(frame, rule.score_threshold, rule.max_distance) for frame in frames])
    steps = [
        _measures(fixed, [dict(zip(arrays, row)) for row in zip(*(values[k].tolist() for values in arrays.values()))])
        for k in range(len(REPORT_THRESHOLDS))
    ]
    sweep = {
        protocol: {measure: [step[protocol][measure] for step in steps] for measure in measures}
        for protocol, measures in own.items()
    }
    curve = _precision_recall(merged)
    at = np.searchsorted(-curve['score'], -np.array(REPORT_THRESHOLDS), side='right') - 1
    for measure in ('precision', 'recall'):
        sweep['default'][f'box_{measure}'] = [float(curve[measure][k]) if k >= 0 else 0.0 for k in at]
    k = int(np.searchsorted(-curve['score'], -rule.score_threshold, side='right')) - 1
    own['default'].update({f'box_{m}': float(curve[m][k]) if k >= 0 else 0.0 for m in ('precision', 'recall')})
    notices, recorded = recorded_notices(dump), dump.record.get('metrics') or {}
    different = [
        f'{measure} {value:.6g} (recorded {before:.6g})'
        for measure, value in own['default'].items()
        if isinstance(before := recorded.get(f'boxes/{measure}'), (int, float))
        and abs(before - value) > _TOLERANCE * max(1.0, abs(before))
    ]
    if different:
        notices.append(
            'Not what the test run recorded, so that the files do not belong together: ' + ', '.join(different)
        )
    total = {count: values.sum(axis=1) for count, values in arrays.items()}
    summary = dict(
        own=own,
        sweep=sweep,
        totals=dict(
            targets=dict(
                targets=total['targets'].tolist(),
                detected=total['detected'].tolist(),
                components=(total['detected'] + total['false']).tolist(),
                matched=total['detected'].tolist(),
            )
        ),
        notices=notices,
        score_threshold=rule.score_threshold,
    )
    if rule.num_classes > 1:
        summary['classes'] = _classes(coco, rule)
    curves = dict(
        recall=np.arange(101) / 100,
        interpolated=np.maximum(merged.precision_curve(), 0.0),
        raw=_thinned(curve),
    )
    units = [frame.sequence or f'image {index}' for index, frame in enumerate(single)]
    by_score = count_by_score(_of_units(merged, units), num_bins=_SCORE_BINS)
    return RunAnalysis(
        name,
        dump,
        images,
        summary,
        kind='boxes',
        counts=arrays,
        curves=curves,
        sequences=tuple(frame.sequence for frame in frames),
        scores=by_score,
    )


def _classes(coco: CocoEvaluation, rule: BoxRule) -> dict[str, Any]:
    """``names``; ``AP50`` of each; ``counts``: at each threshold those of :func:`class_confusion`."""
    number = rule.num_classes
    none = np.zeros((number + 1, number + 1), np.int64)
    names = rule.classes if len(rule.classes) == number else range(number)
    return dict(
        names=[str(name) for name in names],
        AP50=[coco.summarize_class(label)['mAP50'] for label in range(number)],
        counts=[
            sum((class_confusion(frame, number, threshold, rule.max_distance) for frame in coco.frames), none).tolist()
            for threshold in REPORT_THRESHOLDS
        ],
    )


def _one_class(frame: FrameDetections) -> FrameDetections:
    return replace(frame, target_labels=np.zeros_like(frame.target_labels), labels=np.zeros_like(frame.labels))


def _of_units(coco: CocoEvaluation, units: Sequence[str]) -> CocoEvaluation:
    """The same matching, with other names of the sequences."""
    import copy

    other = copy.copy(coco)
    other.frames = [replace(frame, sequence=unit) for frame, unit in zip(coco.frames, units)]
    return other


def _measures(fixed: dict[str, dict[str, float]], counts: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Protocol -> measures; those by centers belong to the default."""
    centers = summarize_counts(counts)
    shown = ('Pd', 'Fa', 'Fa_e6', 'false_per_frame', 'target_precision', 'target_F1')
    tables = {protocol: dict(values) for protocol, values in fixed.items()}
    tables['default'].update({measure: centers[measure] for measure in shown})
    return tables


def _precision_recall(coco: CocoEvaluation) -> dict[str, np.ndarray]:
    """Precision and recall at IoU .5 after each detection, the best score first, as pycocotools counts them."""
    scores: list[np.ndarray] = [np.zeros(0)]
    true: list[np.ndarray] = [np.zeros(0, bool)]
    for index in range(len(coco.frames)):
        score, matched, ignored = coco.matches(index)
        scores.append(score[~ignored])
        true.append(matched[~ignored] >= 0)
    score, hit = np.concatenate(scores), np.concatenate(true)
    order = np.argsort(-score, kind='mergesort')
    score, hits = score[order], np.cumsum(hit[order])
    targets = sum(int((~frame.ignored).sum()) for frame in coco.frames)
    ranks = np.arange(1, len(score) + 1)
    return dict(score=score, precision=hits / ranks, recall=hits / targets if targets else np.full(len(score), np.nan))


def _thinned(curve: dict[str, np.ndarray], limit: int = 400) -> dict[str, np.ndarray]:
    """At most about ``limit`` points of a curve: every one up to that, then evenly spaced by rank."""
    length = len(curve['score'])
    kept = np.unique(np.linspace(0, length - 1, min(limit, length)).astype(int)) if length else np.zeros(0, int)
    return {name: values[kept] for name, values in curve.items()}


def _image(frame: FrameDetections, gray: np.ndarray, max_distance: float) -> ImageAnalysis:
    real = ~frame.ignored
    targets = BoxTargets(frame.targets[real])
    codes = np.zeros((len(targets), len(REPORT_THRESHOLDS)), np.uint8)
    best = np.zeros(len(targets))
    areas = np.zeros((len(frame.boxes), len(REPORT_THRESHOLDS)), np.int32)
    mean_iou = np.full(len(REPORT_THRESHOLDS), np.nan)
    size = np.maximum(np.rint(np.prod(frame.boxes[:, 2:] - frame.boxes[:, :2], axis=1)), 1).astype(np.int32)
    for k, threshold in enumerate(REPORT_THRESHOLDS):
        boxes, scores, matched, false = match_frame(frame, threshold, max_distance)
        hit = np.flatnonzero(matched >= 0)
        iou = _iou(targets.corners[hit], boxes[matched[hit]])
        codes[hit, k] = 1 + np.floor(IOU_STEPS * iou + 1e-9).astype(np.uint8)
        best[hit] = np.maximum(best[hit], scores[matched[hit]])
        if len(hit):
            mean_iou[k] = iou.mean()
        kept = np.flatnonzero(frame.scores >= threshold)
        areas[kept[false], k] = size[kept[false]]
    _, scores, matched, false = match_frame(frame, CANDIDATE_THRESHOLD, max_distance)
    hit = matched[matched >= 0]
    shown = np.flatnonzero(areas.any(axis=1))
    shown = shown[np.argsort(-frame.scores[shown], kind='stable')][:MAX_ALARMS_PER_IMAGE]
    height, width = frame.shape
    centers = np.clip(np.floor(box_centers(frame.boxes[shown])), 0, (width - 1, height - 1)).astype(np.int64)
    alarms = FalseAlarms(centers[:, 1] * width + centers[:, 0], frame.scores[shown].astype(np.float32), areas[shown])
    scr = frame.scr[real].astype(np.float64)
    if np.isnan(scr).any():
        scr = np.where(np.isnan(scr), _local_scr(gray, targets), scr)
    key = repr((frame.shape, np.round(frame.targets, 3).tolist(), frame.ignored.tolist()))
    return ImageAnalysis(
        str(frame.image),
        hashlib.sha1(key.encode()).hexdigest(),
        targets,
        scr,
        best,
        codes,
        alarms,
        mean_iou,
        np.concatenate([scores[hit], scores[false]]).astype(np.float64),
        np.repeat([True, False], [len(hit), len(scores[false])]),
    )


def _iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of each pair of boxes."""
    sides = np.maximum(np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2]), 0)
    inside = sides.prod(axis=1)
    union = (one[:, 2:] - one[:, :2]).prod(axis=1) + (other[:, 2:] - other[:, :2]).prod(axis=1) - inside
    return np.divide(inside, union, out=np.zeros_like(inside), where=union > 0)


def _local_scr(gray: np.ndarray, targets: BoxTargets) -> np.ndarray:
    """The SCR of each box's pixels; of boxes that overlap, the later one has the common pixels."""
    labels = np.zeros(gray.shape, np.int32)
    for index, corners in enumerate(targets.corners):
        pixels = filled(Box(*(float(side) for side in corners)), gray.shape[0], gray.shape[1], ellipse=False)
        if pixels is not None:
            height, width = pixels.pixels.shape
            labels[pixels.top : pixels.top + height, pixels.left : pixels.left + width][pixels.pixels] = index + 1
    return labeled_scr(gray, labels, np.clip(targets.boxes, 0, (*gray.shape, *gray.shape)))
