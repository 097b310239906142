"""Pixel counts and the ratios made of them: IoU, precision, recall, F1.

Definitions as in Dai et al., "Asymmetric Contextual Modulation" (WACV 2021)
for IoU and nIoU; the ratios are in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NAN = float('nan')


class PixelCounts(NamedTuple):
    """Pixels of one image, or summed over a data set.

    Attributes:
        tp: Target pixels predicted as target.
        fp: Background pixels predicted as target.
        fn: Target pixels predicted as background.
        tn: Background pixels predicted as background.
    """

    tp: int
    fp: int
    fn: int
    tn: int


def pixel_counts(prediction: NDArray[Any], truth: NDArray[Any]) -> PixelCounts:
    """Count the four outcomes of a boolean prediction.

    Args:
        prediction: (H, W) bool.
        truth: (H, W) bool.

    Raises:
        ValueError: The shapes differ.
    """
    if prediction.shape != truth.shape:
        raise ValueError(f'prediction has shape {prediction.shape}, ground truth {truth.shape}; they must agree')
    predicted = int(np.count_nonzero(prediction))
    positive = int(np.count_nonzero(truth))
    tp = int(np.count_nonzero(prediction & truth)) if predicted and positive else 0
    return PixelCounts(tp, predicted - tp, positive - tp, truth.size - predicted - positive + tp)


def sum_counts(counts: Iterable[PixelCounts]) -> PixelCounts:
    """Add the counts of many images."""
    total = [0, 0, 0, 0]
    for item in counts:
        for index in range(4):
            total[index] += item[index]
    return PixelCounts(*total)


def ratio(numerator: float, denominator: float, undefined: float = NAN) -> float:
    """``numerator / denominator``, or ``undefined`` when the denominator is 0."""
    return numerator / denominator if denominator else undefined


def iou(counts: PixelCounts, empty: float = 1.0) -> float:
    """Intersection over union of the target class.

    Args:
        counts: Of one image or of a data set.
        empty: The value when nothing is there and nothing was predicted. 1 (the
            prediction is right) by default; the official codes give 0.
    """
    return ratio(counts.tp, counts.tp + counts.fp + counts.fn, empty)


def precision(counts: PixelCounts) -> float:
    """TP / (TP + FP): 0 when nothing was predicted but there was a target, NaN when neither."""
    return ratio(counts.tp, counts.tp + counts.fp, 0.0 if counts.fn else NAN)


def recall(counts: PixelCounts) -> float:
    """TP / (TP + FN): NaN without any target pixel."""
    return ratio(counts.tp, counts.tp + counts.fn)


def f1(counts: PixelCounts) -> float:
    """2 TP / (2 TP + FP + FN): NaN when nothing is there and nothing was predicted."""
    return ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def exact_mean(values: Iterable[float]) -> float:
    """Mean whose rounding does not depend on the order (NaN for no values).

    Images come back from distributed evaluation in another order than from one
    process; ``math.fsum`` makes both give the same last bit.
    """
    values = list(values)
    return ratio(math.fsum(values), len(values))
