"""ROC curves at a few fixed thresholds, as the official ROCMetric classes compute them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.components import component_maxima
from mmirstd.utils.renamed import renamed_arguments, renamed_attribute

from .binarize import normalize_by_max
from .image_evidence import ImageEvidence
from .pixels import NAN
from .roc_curve import trapezoid

ROC_FIELDS = ('tpr', 'fpr', 'recall', 'precision', 'FP', 'F1', 'AUC')


def exceedance_counts(values: NDArray[Any], thresholds: Sequence[float], strict: bool = True) -> NDArray[Any]:
    """How many values exceed each threshold.

    One vectorized comparison a threshold decides ties as the official codes do and, for the ten bins
    in use, is faster than searching; as soon as few values are left, they are sorted instead.

    Args:
        values: Any shape, float.
        thresholds: K ascending numbers, compared in the precision of ``values``.
        strict: ``>`` (True) or ``>=``.

    Returns:
        (K,) int64.
    """
    compare = np.greater if strict else np.greater_equal
    limits = np.asarray(thresholds, values.dtype)
    counts = np.zeros(len(limits), np.int64)
    values = values.ravel()
    for index, limit in enumerate(limits):
        if values.size <= 2048:
            below = np.searchsorted(np.sort(values), limits[index:], side='right' if strict else 'left')
            counts[index:] = values.size - below
            break
        above = compare(values, limit)
        counts[index] = count = int(np.count_nonzero(above))
        if count * 32 < values.size:
            values = values[above]  # a denser selection would cost more than it saves
    return counts


@renamed_arguments(normalise_max='normalize_max')
@dataclass(frozen=True)
class RocRule:
    """ROC at the thresholds k / bins, k = 0..bins.

    Attributes:
        bins: Number of bins; bins + 1 thresholds.
        strict: ``score > k / bins`` (True) or ``>=``.
        normalize_max: Divide each map by its maximum first (RPCANet).
        level: ``pixel``: TPR and FPR by pixel; ``target``: TPR by target (a target
            is detected when any of its pixels is), FPR by pixel.
        truth: Ground-truth rule.
        smoothing: Added to the denominators (0.001 in the official codes, so no rate reaches 1).
        skip_empty: Images without a target are left out.
        fields: The curves the official code gives, of :data:`ROC_FIELDS`.
    """

    bins: int = 10
    strict: bool = True
    normalize_max: bool = False
    normalise_max = renamed_attribute('normalise_max', 'normalize_max')
    level: str = 'pixel'
    truth: str = 'truncate'
    smoothing: float = 0.001
    skip_empty: bool = False
    fields: tuple[str, ...] = ('tpr', 'fpr')

    def __post_init__(self) -> None:
        if self.level not in ('pixel', 'target'):
            raise ValueError(f"level={self.level!r} is unknown; known: 'pixel', 'target'")
        unknown = set(self.fields) - set(ROC_FIELDS)
        if unknown:
            raise ValueError(f'unknown fields {sorted(unknown)}; known: {", ".join(ROC_FIELDS)}')

    @property
    def thresholds(self) -> list[float]:
        """The bins + 1 thresholds, from 0 to 1."""
        return [k / self.bins for k in range(self.bins + 1)]

    def count(self, image: ImageEvidence) -> dict[str, Any]:
        """Positives and negatives of one image, and how many of each exceed each threshold."""
        mask = image.mask(self.truth)
        positives = int(np.count_nonzero(mask))
        if self.skip_empty and not positives:
            zeros = [0] * (self.bins + 1)
            return dict(positives=0, negatives=0, tp=zeros, fp=zeros)
        score = normalize_by_max(image.score) if self.normalize_max else image.score
        hits = exceedance_counts(score[mask], self.thresholds, self.strict)
        false = exceedance_counts(score, self.thresholds, self.strict) - hits
        negatives = mask.size - positives
        if self.level == 'target':
            targets = image.targets(self.truth)
            positives = len(targets)
            hits = exceedance_counts(component_maxima(targets, score), self.thresholds, self.strict)
        return dict(positives=positives, negatives=negatives, tp=hits.tolist(), fp=false.tolist())

    def summarize(self, counts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The curves in ``fields``, as lists over the thresholds (NaN without positives or negatives)."""
        tp: NDArray[np.float64] = np.sum([item['tp'] for item in counts], axis=0, dtype=np.float64)
        fp: NDArray[np.float64] = np.sum([item['fp'] for item in counts], axis=0, dtype=np.float64)
        positives = sum(item['positives'] for item in counts)
        negatives = sum(item['negatives'] for item in counts)
        with np.errstate(invalid='ignore', divide='ignore'):
            tpr = tp / (positives + self.smoothing)
            fpr = fp / (negatives + self.smoothing)
            precision = tp / (tp + fp + self.smoothing)
            false_fraction = fp / (positives + negatives)
        middle = self.bins // 2
        f1 = 2 * tpr[middle] * precision[middle] / (tpr[middle] + precision[middle] + 0.00001)
        auc = trapezoid(tpr, fpr) if positives and negatives else NAN
        values = dict(
            tpr=tpr.tolist(),
            fpr=fpr.tolist(),
            recall=tpr.tolist(),
            precision=precision.tolist(),
            FP=false_fraction.tolist(),
            F1=float(f1),
            AUC=auc,
        )
        return {name: values[name] for name in self.fields}
