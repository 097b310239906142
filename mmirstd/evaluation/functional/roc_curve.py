"""Pixel ROC and AUC from one pass over the predictions: a score histogram an image.

A histogram of a few kilobytes replaces the scores, so memory is bounded, parts
of a data set can be added up, and no sort over all pixels is needed. The bins
are not uniform: a network for IRSTD gives nearly every pixel a probability near
0, where uniform bins would lump background and missed targets together and
bias the AUC by up to half the miss rate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pixels import NAN

# Bin edges are float32 numbers with 5 mantissa bits from 2^-20 to 1: 32 a factor of two.
# Positive floats are ordered like their bit patterns, so a shift finds the bin exactly.
_SHIFT = 18
_LOWEST = (127 - 20) << 23
_BINS = ((127 << 23) - _LOWEST) >> _SHIFT

#: (640,) float32, the strict thresholds ``score > t`` of the ROC, ascending from 2^-20 to 63/64.
ROC_THRESHOLDS = (np.arange(_BINS, dtype=np.int32) * (1 << _SHIFT) + _LOWEST).view(np.float32)


def _histogram(score: NDArray[Any]) -> NDArray[Any]:
    bins = np.maximum(np.ascontiguousarray(score, np.float32).view(np.int32), 0)  # -0.0 has a negative pattern
    bins -= 1
    bins >>= _SHIFT
    bins -= (_LOWEST >> _SHIFT) - 1
    np.maximum(bins, 0, out=bins)
    counts = np.bincount(bins.ravel(), minlength=_BINS + 1)
    if len(counts) > _BINS + 1:
        raise ValueError(f'scores must be probabilities in [0, 1], found {float(np.max(score)):g}')
    return counts


def score_histograms(score: NDArray[Any], mask: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Histograms of background and of target scores.

    Args:
        score: (H, W) float probabilities in [0, 1], no NaN; compared as float32.
        mask: (H, W) bool, the target pixels.

    Returns:
        Two (641,) int32 arrays, background and target: bin 0 holds the scores up to 2^-20, bin
        i + 1 those above ``ROC_THRESHOLDS[i]`` and not above the next threshold.

    Raises:
        ValueError: A score is above 1.
    """
    target = _histogram(score[mask])
    background = _histogram(score) - target
    return background.astype(np.int32), target.astype(np.int32)


def trapezoid(y: NDArray[Any], x: NDArray[Any]) -> float:
    """Area under y(x), by the trapezoid rule, whichever way x runs."""
    y, x = np.asarray(y, np.float64), np.asarray(x, np.float64)
    return float(abs(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2)))


@dataclass(frozen=True)
class RocCurve:
    """Pixel ROC and precision-recall over descending thresholds.

    Attributes:
        thresholds: (K,) float64; the last is -inf, where every pixel is positive. A pixel is
            positive when its score is strictly above.
        fpr: (K,) float64 false positive rate, ascending from 0 to 1.
        tpr: (K,) float64 true positive rate (recall), ascending to 1.
        precision: (K,) float64, NaN where nothing is positive.
        auc: Area under tpr(fpr); NaN without target or without background pixels.
    """

    thresholds: NDArray[np.float64]
    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]
    precision: NDArray[np.float64]
    auc: float


def roc_curve(background: Iterable[NDArray[Any]], target: Iterable[NDArray[Any]]) -> RocCurve:
    """Make the ROC of a data set from the histograms of its images.

    Args:
        background: Background histograms of :func:`score_histograms`, one an image.
        target: Target histograms, one an image.
    """

    def cumulate(histograms: Iterable[NDArray[Any]]) -> NDArray[Any]:
        total = np.zeros(_BINS + 1, np.int64)
        for histogram in histograms:
            total += histogram
        return np.concatenate(([0], np.cumsum(total[::-1])))

    false, hits = cumulate(background), cumulate(target)
    with np.errstate(invalid='ignore', divide='ignore'):
        fpr, tpr, precision = false / false[-1], hits / hits[-1], hits / (hits + false)
    auc = trapezoid(tpr, fpr) if hits[-1] and false[-1] else NAN
    thresholds = np.concatenate(([1.0], ROC_THRESHOLDS[::-1].astype(np.float64), [-np.inf]))
    return RocCurve(thresholds, fpr, tpr, precision, auc)
