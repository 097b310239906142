"""Average precision by pycocotools, and precision, recall and F1 as papers on moving targets read them from it."""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .frame_detections import FrameDetections
from .pixels import NAN

#: Frames whose annotations are in memory together.
_AT_A_TIME = 1000


class CocoEvaluation:
    """One matching of detections with targets, from which any set of frames is summarized.

    pycocotools with its defaults: ten IoU thresholds from .5 to .95, 101 recall points, at most 100 detections a frame
    and class, targets of all sizes.

    Args:
        frames: The evaluated frames.
        num_classes: Number of classes.
    """

    def __init__(self, frames: Sequence[FrameDetections], num_classes: int = 1) -> None:
        from pycocotools.cocoeval import COCOeval

        self.frames = list(frames)
        self.num_classes = num_classes
        self._first_target: list[int] = []
        self._boxes = 0
        self._targets = 0
        # Of each class what was matched in each frame. The annotations, four times as much, go after each part.
        matched: list[list[Any]] = [[] for _ in range(num_classes)]
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(iouType='bbox')
            for start in range(0, len(self.frames), _AT_A_TIME):
                found = self._match(range(start, min(start + _AT_A_TIME, len(self.frames))))
                size = len(found) // num_classes
                for label, own in enumerate(matched):
                    own += found[label * size : (label + 1) * size]
        evaluation.params.imgIds = list(range(1, len(self.frames) + 1))
        evaluation.params.catIds = list(range(1, num_classes + 1))
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ['all']
        evaluation.evalImgs = [one for own in matched for one in own]
        self._evaluation = evaluation

    def _match(self, indices: range) -> list[Any]:
        """What pycocotools matches in some of the frames, the next ones: class by class, frame by frame."""
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        images: list[dict[str, Any]] = []
        targets: list[dict[str, Any]] = []
        boxes: list[dict[str, Any]] = []
        for index in indices:
            frame = self.frames[index]
            self._first_target.append(self._targets + 1)
            images.append(dict(id=index + 1, height=frame.shape[0], width=frame.shape[1]))
            for box, label, ignored in zip(frame.targets, frame.target_labels, frame.ignored):
                self._targets += 1
                targets.append(_entry(self._targets, index + 1, box, label, iscrowd=int(ignored)))
            for box, label, score in zip(frame.boxes, frame.labels, frame.scores):
                self._boxes += 1
                boxes.append(_entry(self._boxes, index + 1, box, label, iscrowd=0, score=float(score)))
        categories = [dict(id=label + 1, name=str(label)) for label in range(self.num_classes)]
        sides = []
        for entries in (targets, boxes):
            side = COCO()
            side.dataset = dict(images=images, annotations=entries, categories=categories)
            side.createIndex()
            sides.append(side)
        evaluation = COCOeval(*sides, iouType='bbox')
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ['all']
        evaluation.evaluate()
        found: list[Any] = evaluation.evalImgs
        return found

    def summarize(self, indices: Iterable[int] | None = None) -> dict[str, float]:
        """``mAP`` (IoU .5 to .95), ``mAP50``, ``mAP75``, ``precision``, ``recall``, ``F1`` of some of the frames.

        As in SSTNet's vid_map_coco.py, ``recall`` is the greatest recall at IoU .5 over all detections, ``precision``
        the mean of the interpolated precision over the recall points reached, ``F1`` their harmonic mean: none of
        them is at a score threshold. Several classes are averaged. NaN without any target; precision and F1 are 0
        when no target is found (the official code has NaN there).

        Args:
            indices: Positions in ``frames``; None: all.
        """
        chosen = range(len(self.frames)) if indices is None else sorted(set(indices))
        names = ('mAP', 'mAP50', 'mAP75', 'precision', 'recall', 'F1')
        if not any((~self.frames[index].ignored).any() for index in chosen):
            return dict.fromkeys(names, NAN)
        curves, recalls = self._accumulate(chosen)
        found = [k for k in range(self.num_classes) if recalls[0, k, 0, -1] > -1]
        precision = [_reached(curves[0, :, k, 0, -1], recalls[0, k, 0, -1]) for k in found]
        recall = float(np.mean([recalls[0, k, 0, -1] for k in found]))
        mean = float(np.mean(precision))
        return dict(
            mAP=_mean(curves[:, :, :, 0, -1]),
            mAP50=_mean(curves[0, :, :, 0, -1]),
            mAP75=_mean(curves[5, :, :, 0, -1]),
            precision=mean,
            recall=recall,
            F1=2 * mean * recall / (mean + recall) if mean + recall else 0.0,
        )

    def summarize_class(self, label: int) -> dict[str, float]:
        """Of one class in all frames: ``targets``, and ``mAP50``, ``precision`` and ``recall`` as of :meth:`summarize`.

        Args:
            label: The class. NaN where it has no target.
        """
        targets = sum(int((~frame.ignored & (frame.target_labels == label)).sum()) for frame in self.frames)
        if not targets:
            return dict(targets=0, mAP50=NAN, precision=NAN, recall=NAN)
        curves, recalls = self._accumulate(range(len(self.frames)))
        recall = float(recalls[0, label, 0, -1])
        curve = curves[0, :, label, 0, -1]
        return dict(targets=targets, mAP50=_mean(curve), precision=_reached(curve, recall), recall=recall)

    def precision_curve(self, indices: Iterable[int] | None = None, label: int = 0) -> NDArray[Any]:
        """(101,) interpolated precision at IoU .5 over recall 0, .01, ..., 1; -1 without any target."""
        chosen = range(len(self.frames)) if indices is None else sorted(set(indices))
        return self._accumulate(chosen)[0][0, :, label, 0, -1]

    def matches(self, index: int, label: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
        """What the detections of a frame were matched with at IoU .5.

        Args:
            index: Position in ``frames``.
            label: Class.

        Returns:
            Of each detection, highest score first: its score, the index of its target in the frame (-1: none), and
            whether it counts neither as true nor as false.
        """
        found = self._evaluation.evalImgs[label * len(self.frames) + index]
        if found is None:
            return np.zeros(0), np.zeros(0, np.int64), np.zeros(0, bool)
        matched = found['dtMatches'][0].astype(np.int64)
        return (
            np.array(found['dtScores'], np.float64),
            np.where(matched > 0, matched - self._first_target[index], -1),
            found['dtIgnore'][0].astype(bool),
        )

    def _accumulate(self, chosen: Sequence[int]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Precision (10, 101, classes, 1, 3) and recall (10, classes, 1, 3) of some of the frames."""
        part = copy.copy(self._evaluation)
        part.params = copy.copy(self._evaluation.params)
        ids = list(self._evaluation.params.imgIds)
        part.params.imgIds = [ids[k] for k in chosen]
        part._paramsEval = part.params
        part.evalImgs = [
            self._evaluation.evalImgs[label * len(ids) + k] for label in range(self.num_classes) for k in chosen
        ]
        with contextlib.redirect_stdout(io.StringIO()):
            part.accumulate()
        return part.eval['precision'], part.eval['recall']


def _entry(number: int, image: int, box: NDArray[Any], label: int, **extra: float) -> dict[str, Any]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return dict(
        id=number,
        image_id=image,
        category_id=int(label) + 1,
        bbox=[x1, y1, x2 - x1, y2 - y1],
        area=(x2 - x1) * (y2 - y1),
        **extra,
    )


def _mean(values: NDArray[Any]) -> float:
    values = values[values > -1]
    return float(values.mean()) if values.size else NAN


def _reached(curve: NDArray[Any], recall: float) -> float:
    # int() of the product, as the official code has it: recall .29 reaches 28 points, since .29 * 100 is 28.99...
    reached = curve[: int(recall * 100)]
    return float(reached.mean()) if reached.size else 0.0
