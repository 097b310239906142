"""Results of one image or frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.tracking import TrackPoint
from mmirstd.visualization import BoxFinding, Finding, draw_comparison, draw_detections

from .inputs import Source
from .score_map import ScoreMap
from .target_measurement import measure_detections, measure_targets
from .target_schema import SCHEMA, SCHEMA_VERSION, Target


@dataclass
class Detections:
    """Boxes of one frame.

    Attributes:
        boxes: (N, 4) x1, y1, x2, y2 in pixels.
        scores: (N,) in [0, 1].
        labels: (N,) number of the class; None: there is one.
        classes: Names of the classes that the detector tells apart; empty where it has one.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, data_sample: Any, classes: tuple[str, ...] = ()) -> Detections:
        """Those of a detector's data sample."""
        found = data_sample.pred_instances
        boxes, scores, labels = (part.detach().cpu().numpy() for part in (found.bboxes, found.scores, found.labels))
        return cls(boxes, scores, labels, classes)

    @property
    def class_names(self) -> list[str] | None:
        """Name of the class of each box; None where the detector has one class."""
        if self.labels is None or not self.classes:
            return None
        return [self.classes[label] for label in self.labels.tolist()]


@dataclass
class FrameResult:
    """What an inferencer found in one image or frame.

    Attributes:
        source: Where the frame is from.
        frame: Its number, from 0.
        image: (H, W) gray values as read.
        targets: The targets.
        threshold: Above it (detectors: from it on) something is a target.
        probability: (H, W) float32 in [0, 1]; None from detectors.
        mask: (H, W) bool, the targets' pixels; None from detectors.
        data_sample: The detector's own data sample, None from segmentation networks and exported files.
        detections: All boxes of a detector, whatever they score; None from segmentation networks.
        logit: (H, W) float32, the probability before the sigmoid; None from detectors.
        operating_point: The threshold of the logits that decided in place of ``threshold``; None: there was none.
        part: Of a live source: how often it had gone and come back, paused or changed its size before this frame.
        tracks: The confirmed tracks, see :class:`~.target_tracker.TargetTracker`; None where nothing was tracked.
    """

    source: Source
    frame: int
    image: np.ndarray
    targets: list[Target]
    threshold: float
    probability: np.ndarray | None = None
    mask: np.ndarray | None = None
    data_sample: Any = field(default=None, repr=False)
    tracks: list[TrackPoint] | None = None
    logit: np.ndarray | None = None
    operating_point: OperatingPoint | None = None
    detections: Detections | None = field(default=None, repr=False)
    part: int = 0

    @property
    def nbytes(self) -> int:
        """What its maps take in memory, with the gray values, in bytes."""
        maps = (self.image, self.probability, self.logit, self.mask)
        return sum(array.nbytes for array in maps if array is not None)

    @property
    def method(self) -> str:
        """``'segmentation'`` or ``'detection'``."""
        return 'detection' if self.mask is None else 'segmentation'

    @property
    def highest(self) -> tuple[float, float, float] | None:
        """The greatest probability or score, above the threshold or not, and x and y of its pixel or box.

        None from a detector that gave no box.
        """
        if self.probability is not None:
            row, column = np.unravel_index(int(self.probability.argmax()), self.probability.shape)
            return float(self.probability[row, column]), float(column), float(row)
        assert self.detections is not None
        found = self.detections
        if not len(found.scores):
            return None
        best = int(found.scores.argmax())
        x0, y0, x1, y1 = found.boxes[best].tolist()
        return float(found.scores[best]), (x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5

    def at_threshold(self, threshold: float | OperatingPoint, min_area: int = 1) -> FrameResult:
        """The same frame with the targets of another threshold, without tracks; the network does not run again.

        Args:
            threshold: Probability above which a pixel is target, or score from which on a box is; in [0, 1). Or a
                threshold of the logits.
            min_area: Least area of a target in pixels.

        Raises:
            ValueError: An argument is out of its range.
        """
        point, threshold = _told_apart(threshold)
        if self.probability is not None:
            targets, mask = measure_targets(
                self.probability, point or threshold, min_area, self.image, self.frame, self.logit
            )
            return replace(self, targets=targets, mask=mask, threshold=threshold, operating_point=point, tracks=None)
        assert self.detections is not None
        targets = measure_detections(
            self.detections.boxes,
            self.detections.scores,
            self.image,
            threshold,
            min_area,
            self.frame,
            self.detections.class_names,
        )
        return replace(self, targets=targets, threshold=threshold, operating_point=point, tracks=None)

    def header(self) -> dict[str, Any]:
        """What JSON results say of the input; see docs/inference.md."""
        height, width = self.image.shape
        point = self.operating_point
        cfar = None if point is None else point.cfar
        return dict(
            schema=SCHEMA,
            schema_version=SCHEMA_VERSION,
            source=self.source.label,
            kind=self.source.kind,
            method=self.method,
            width=width,
            height=height,
            dtype=str(self.image.dtype),
            threshold=None if cfar is not None else self.threshold,
            logit_threshold=None if point is None else point.logit,
            cfar=None if cfar is None else cfar.as_dict(),
        )

    def record(self) -> dict[str, Any]:
        """The result as it is written to JSON."""
        return dict(
            **self.header(),
            frames=1,
            complete=True,
            problem=None,
            targets=[target.as_dict() for target in self.targets],
        )

    def picture(self) -> np.ndarray:
        """(H', W', 3) uint8 BGR: image and findings with magnified insets; numbers are the targets' ``id``."""
        if self.mask is None or self.probability is None:
            boxes = np.array([(t.x0, t.y0, t.x1, t.y1) for t in self.targets]).reshape(-1, 4)
            scores = np.array([t.peak for t in self.targets])
            return draw_detections(
                self.image,
                None,
                boxes,
                scores,
                name=self.source.name,
                threshold=self.threshold,
                class_names=[t.class_name for t in self.targets],
            )
        shown = self.mask
        if self.operating_point is None:
            # Components that were left out as too small are no findings.
            shown = np.where(self.mask | (self.probability <= self.threshold), self.probability, np.float32(0))
        return draw_comparison(
            self.image,
            None,
            shown,
            name=self.source.name,
            threshold=self.threshold,
            findings=sorted(self.mask_findings(), key=lambda finding: -finding.area),
        )

    def mask_findings(self) -> list[Finding]:
        """The targets for pictures of masks, in their order, under their own numbers."""
        return [
            Finding(
                'predicted',
                (t.x, t.y),
                (int(t.x0), int(t.y0), int(t.x1), int(t.y1)),
                int(t.area),
                peak=t.peak,
                number=t.id,
            )
            for t in self.targets
        ]

    def box_findings(self) -> list[BoxFinding]:
        """The targets for pictures of boxes, in their order, under their own numbers."""
        return [
            BoxFinding('predicted', None, (t.x0, t.y0, t.x1, t.y1), t.peak, number=t.id, class_name=t.class_name)
            for t in self.targets
        ]


def measured(
    source: Source,
    frame: int,
    gray: np.ndarray,
    scores: ScoreMap,
    threshold: float | OperatingPoint,
    min_area: int,
    data_sample: Any = None,
) -> FrameResult:
    """The result of a network that gives maps.

    Args:
        source: Where the frame is from.
        frame: Its number.
        gray: (H, W) gray values as read.
        scores: What the network said.
        threshold: As of :meth:`FrameResult.at_threshold`.
        min_area: Likewise.
        data_sample: See :class:`FrameResult`.
    """
    point, value = _told_apart(threshold)
    targets, mask = measure_targets(scores.probability, point or value, min_area, gray, frame, scores.logit)
    return FrameResult(
        source,
        frame,
        gray,
        targets,
        value,
        scores.probability,
        mask,
        data_sample,
        logit=scores.logit,
        operating_point=point,
    )


def detected(
    source: Source,
    frame: int,
    gray: np.ndarray,
    detections: Detections,
    threshold: float | OperatingPoint,
    min_area: int,
    data_sample: Any = None,
) -> FrameResult:
    """The result of a detector.

    Args:
        source: Where the frame is from.
        frame: Its number.
        gray: (H, W) gray values as read.
        detections: All boxes, whatever they score.
        threshold: As of :meth:`FrameResult.at_threshold`.
        min_area: Likewise.
        data_sample: See :class:`FrameResult`.
    """
    _, value = _told_apart(threshold)
    result = FrameResult(source, frame, gray, [], value, data_sample=data_sample, detections=detections)
    return result.at_threshold(threshold, min_area)


def _told_apart(threshold: float | OperatingPoint) -> tuple[OperatingPoint | None, float]:
    if isinstance(threshold, OperatingPoint):
        return threshold, threshold.threshold
    return None, threshold
