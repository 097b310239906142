"""Rules for IoU, nIoU and pixel precision/recall/F1, and how each is accumulated.

Every rule is data (a frozen dataclass) with two functions: ``count`` looks at one
image and returns a few numbers, ``summarize`` turns the numbers of all images
into the measures. Only the numbers are kept, so a data set needs little memory
and its parts can be evaluated by different processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .binarize import PredictionRule
from .image_evidence import ImageEvidence
from .pixels import NAN, PixelCounts, exact_mean, f1, precision, ratio, recall, sum_counts


@dataclass(frozen=True)
class IouRule:
    """IoU from data-set totals, and pixel accuracy (TP / target pixels, a recall).

    Attributes:
        prediction: Which pixels are predicted.
        hit_truth: Ground-truth rule of the intersection.
        area_truth: Ground-truth rule of the mask's area in the union.
        label_truth: Ground-truth rule of the denominator of pixAcc.
        single_precision: pixAcc is a float32 quotient (the torch codes).
        empty: The IoU when the union is empty.
    """

    prediction: PredictionRule = field(default_factory=PredictionRule)
    hit_truth: str = 'half'
    area_truth: str = 'half'
    label_truth: str = 'half'
    single_precision: bool = False
    empty: float = 0.0

    def count(self, image: ImageEvidence) -> dict[str, int]:
        """Intersection, union, hit target pixels and target pixels of one image."""
        hit = image.counts(self.prediction, self.hit_truth)
        area = image.counts(self.prediction, self.area_truth)
        label = image.counts(self.prediction, self.label_truth)
        # pixAcc's numerator in the official codes: (prediction == mask) where the mask is labeled.
        tp = image.counts(self.prediction, 'one').tp if self.label_truth == 'positive' else hit.tp
        union = hit.tp + hit.fp + area.tp + area.fn - hit.tp
        return dict(inter=hit.tp, union=union, tp=tp, labeled=label.tp + label.fn)

    def summarize(self, counts: Sequence[Mapping[str, int]]) -> dict[str, float]:
        """``IoU``, ``pixAcc`` and the totals they are made of."""
        total = {key: sum(item[key] for item in counts) for key in ('inter', 'union', 'tp', 'labeled')}
        accuracy = ratio(total['tp'], total['labeled'], self.empty)
        if self.single_precision and total['labeled']:
            accuracy = float(np.float32(total['tp']) / np.float32(total['labeled']))
        return dict(IoU=ratio(total['inter'], total['union'], self.empty), pixAcc=accuracy, **total)


@dataclass(frozen=True)
class NiouRule:
    """nIoU: the mean over images of each image's IoU.

    Attributes:
        prediction: Which pixels are predicted.
        truth: Ground-truth rule.
        empty: What an image without target and without prediction counts. The
            official codes give 0, which punishes a right answer.
    """

    prediction: PredictionRule = field(default_factory=PredictionRule)
    truth: str = 'half'
    empty: float = 0.0

    def count(self, image: ImageEvidence) -> dict[str, float]:
        """The IoU of one image."""
        pixels = image.counts(self.prediction, self.truth)
        return dict(iou=ratio(pixels.tp, pixels.tp + pixels.fp + pixels.fn, self.empty))

    def summarize(self, counts: Sequence[Mapping[str, float]]) -> dict[str, float]:
        """``nIoU``."""
        return dict(nIoU=exact_mean(item['iou'] for item in counts))


@dataclass(frozen=True)
class PixelRule:
    """Pixel precision, recall, F1 (and IoU) from data-set totals.

    Attributes:
        prediction: Which pixels are predicted.
        truth: Ground-truth rule.
        zero_undefined: 0/0 counts 0 (the official codes) instead of NaN.
    """

    prediction: PredictionRule = field(default_factory=PredictionRule)
    truth: str = 'half'
    zero_undefined: bool = False

    def count(self, image: ImageEvidence) -> dict[str, int]:
        """TP, FP, FN and TN of one image."""
        return image.counts(self.prediction, self.truth)._asdict()

    def summarize(self, counts: Sequence[Mapping[str, int]]) -> dict[str, float]:
        """``precision``, ``recall``, ``F1``, ``IoU`` and the totals."""
        total = sum_counts(PixelCounts(**item) for item in counts)
        values = dict(
            precision=precision(total),
            recall=recall(total),
            F1=f1(total),
            IoU=ratio(total.tp, total.tp + total.fp + total.fn, NAN),
        )
        if self.zero_undefined:
            values = {key: 0.0 if value != value else value for key, value in values.items()}
        elif values['IoU'] != values['IoU']:
            values['IoU'] = 1.0
        return dict(**values, **total._asdict())
