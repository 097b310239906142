"""Which threshold the validation images would choose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmirstd.evaluation.functional import FrameDetections, evaluate, get_protocol
from mmirstd.evaluation.functional.box_pd_fa import count_frame, summarize_counts
from mmirstd.evaluation.prediction_dump import PredictionDump

#: Thresholds that are compared.
THRESHOLDS = tuple(round(0.1 * step, 1) for step in range(1, 10))
#: A better measure by less is no reason to leave the usual threshold.
_WORTH = 0.01
#: How measures are written.
_FORMS = {'Fa_e6': '10.1f'}
_HEADS = {'Fa_e6': 'Fa (1e-6)', 'target_F1': 'target F1'}


@dataclass(frozen=True)
class ThresholdAdvice:
    """What was measured.

    Attributes:
        best: The threshold to take: 0.5 unless another is better by more than 0.01 in the first measure.
        measures: Threshold -> measures over all images; the first one decides.
    """

    best: float
    measures: Mapping[float, Mapping[str, float]]

    @property
    def found_nothing(self) -> bool:
        """Whether there are targets and none was detected, whatever the threshold."""
        return all(row['Pd'] == 0 for row in self.measures.values())

    def __str__(self) -> str:
        names = list(self.measures[self.best])
        rows = [
            f'  {value:.1f}{" *" if value == self.best else "  "}     '
            + ''.join(f'  {format(row[name], _FORMS.get(name, "10.3f"))}' for name in names)
            for value, row in self.measures.items()
        ]
        return '\n'.join(['  threshold' + ''.join(f'  {_HEADS.get(name, name):>10}' for name in names), *rows])


def advise_threshold(dump: PredictionDump) -> ThresholdAdvice:
    """Measure masks by the default protocol at several thresholds; IoU decides.

    Args:
        dump: Of validation images, never of test images: what they choose is not measured on them again.
    """
    protocol = get_protocol('default')
    measures = {}
    for value in THRESHOLDS:
        images = (dump[number] for number in range(len(dump)))  # read anew: all at once may not fit into memory
        row = evaluate(protocol.with_threshold(value), ((image.probability, image.mask) for image in images))
        measures[value] = {name: row[name] for name in ('IoU', 'Pd', 'Fa_e6')}
    return _advice(measures)


def advise_score(annotation: Path, detections: Path) -> ThresholdAdvice:
    """Measure boxes by their centers at several scores; the F1 of targets decides.

    Args:
        annotation: COCO JSON of validation frames.
        detections: What ``mmirstd.MovingTargetMetric(results_out=...)`` wrote of them.
    """
    frames = frames_of_files(annotation, detections)
    measures = {}
    for value in THRESHOLDS:
        row = summarize_counts([count_frame(frame, value) for frame in frames])
        measures[value] = {name: row[name] for name in ('target_F1', 'Pd', 'Fa_e6')}
    return _advice(measures)


def _advice(measures: Mapping[float, Mapping[str, float]]) -> ThresholdAdvice:
    def worth(value: float) -> float:
        found = next(iter(measures[value].values()))
        return found if found == found else -1.0  # undefined without targets

    best = max(measures, key=lambda value: (worth(value), -abs(value - 0.5)))
    if worth(best) - worth(0.5) <= _WORTH:
        best = 0.5
    return ThresholdAdvice(best, measures)


def frames_of_files(annotation: Path, detections: Path) -> list[FrameDetections]:
    """Annotated and detected boxes of each frame, of one class."""
    content = json.loads(annotation.read_text(encoding='utf-8'))
    found = json.loads(detections.read_text(encoding='utf-8'))
    targets, boxes = _by_image(content['annotations']), _by_image(found)
    return [
        FrameDetections(
            image=image['id'],
            sequence=str(image.get('video_id', '')),
            shape=(image['height'], image['width']),
            targets=_corners(targets.get(image['id'], [])),
            target_labels=np.zeros(len(targets.get(image['id'], [])), np.int64),
            ignored=np.array([bool(item.get('iscrowd')) for item in targets.get(image['id'], [])], bool),
            scr=np.full(len(targets.get(image['id'], [])), np.nan),
            boxes=_corners(boxes.get(image['id'], [])),
            scores=np.array([item['score'] for item in boxes.get(image['id'], [])], np.float64),
            labels=np.zeros(len(boxes.get(image['id'], [])), np.int64),
            path=image['file_name'],
        )
        for image in content['images']
    ]


def _by_image(items: list[dict[str, Any]]) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = {}
    for item in items:
        found.setdefault(item['image_id'], []).append(item)
    return found


def _corners(items: list[dict[str, Any]]) -> np.ndarray:
    boxes = np.array([item['bbox'] for item in items], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes
