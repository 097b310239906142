"""Pixel ROC and AUC from one pass over the predictions: a score histogram an image.

A histogram of a few kilobytes replaces the scores, so memory is bounded, parts
of a data set can be added up, and no sort over all pixels is needed. The bins
are not uniform: a network for IRSTD gives nearly every pixel a probability near
0, where uniform bins would lump background and missed targets together and
bias the AUC by up to half the miss rate.

Beyond the bins of the probability, near 0 and near 1, the logits are binned:
there float32 knows one probability where a network has many scores.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.logits import logit_of, probability_of

from .pixels import NAN

# Bin edges are float32 numbers with 5 mantissa bits from 2^-20 to 1: 32 a factor of two.
# Positive floats are ordered like their bit patterns, so a shift finds the bin exactly.
_SHIFT = 18
_LOWEST = (127 - 20) << 23
_BINS = ((127 << 23) - _LOWEST) >> _SHIFT

#: (640,) float32, the strict thresholds ``score > t`` of the ROC, ascending from 2^-20 to 63/64.
ROC_THRESHOLDS = (np.arange(_BINS, dtype=np.int32) * (1 << _SHIFT) + _LOWEST).view(np.float32)
# As fine as the others, up to logits of 1024: 32 a factor of two.
_LOGITS = np.arange(129 << 23, 137 << 23, 1 << _SHIFT, dtype=np.int32).view(np.float32)
_LOW_END, _HIGH_END = (float(end) for end in logit_of(ROC_THRESHOLDS[[0, -1]]))

#: (200,) float32, strict thresholds of the logit below those of the probability, ascending.
LOW_LOGITS = -np.extract(_LOGITS > -_LOW_END, _LOGITS)[::-1]
#: (254,) float32, likewise above them.
HIGH_LOGITS = np.extract(_LOGITS > _HIGH_END, _LOGITS)
#: Bins of a histogram, from the lowest logits to the highest.
HISTOGRAM_BINS = len(LOW_LOGITS) + _BINS + 1 + len(HIGH_LOGITS)
#: (K,) float64, the strict thresholds of the logit between the bins, ascending.
CURVE_LOGITS: NDArray[np.float64] = np.concatenate([LOW_LOGITS, logit_of(ROC_THRESHOLDS), HIGH_LOGITS]).astype(
    np.float64
)


def _bins(score: NDArray[Any], logit: NDArray[Any] | None) -> NDArray[Any]:
    """The bin of each pixel."""
    bins = _probability_bins(score).ravel()
    first, last = len(LOW_LOGITS), len(LOW_LOGITS) + _BINS
    found = bins + first
    if logit is not None:
        values = np.ascontiguousarray(logit, np.float32).ravel()
        low, high = bins == 0, bins == _BINS
        found[low] = np.searchsorted(LOW_LOGITS, values[low], side='left')
        found[high] = last + np.searchsorted(HIGH_LOGITS, values[high], side='left')
    return found


def _probability_bins(score: NDArray[Any]) -> NDArray[Any]:
    bins = np.maximum(np.ascontiguousarray(score, np.float32).view(np.int32), 0)  # -0.0 has a negative pattern
    bins -= 1
    bins >>= _SHIFT
    bins -= (_LOWEST >> _SHIFT) - 1
    np.maximum(bins, 0, out=bins)
    if bins.size and bins.max() > _BINS:
        raise ValueError(f'scores must be probabilities in [0, 1], found {float(np.max(score)):g}')
    return bins


def score_histograms(
    score: NDArray[Any], mask: NDArray[Any], logit: NDArray[Any] | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Histograms of background and of target scores.

    Args:
        score: (H, W) float probabilities in [0, 1], no NaN; compared as float32.
        mask: (H, W) bool, the target pixels.
        logit: (H, W) float, of which the probabilities were made; None: probabilities up to 2^-20 share a bin, and so
            do those above 63/64.

    Returns:
        Two (:data:`HISTOGRAM_BINS`,) int32 arrays, background and target. Bin i + 1 holds the pixels above
        ``CURVE_LOGITS[i]`` and not above the next; from 2^-20 to 63/64 the probability decides, against
        :data:`ROC_THRESHOLDS`.

    Raises:
        ValueError: A score is above 1.
    """
    bins = _bins(score, logit)
    target = np.bincount(bins[np.ravel(mask)], minlength=HISTOGRAM_BINS)
    background = np.bincount(bins, minlength=HISTOGRAM_BINS) - target
    return background.astype(np.int32), target.astype(np.int32)


def trapezoid(y: NDArray[Any], x: NDArray[Any]) -> float:
    """Area under y(x), by the trapezoid rule, whichever way x runs."""
    y, x = np.asarray(y, np.float64), np.asarray(x, np.float64)
    return float(abs(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2)))


@dataclass(frozen=True)
class RocCurve:
    """Pixel ROC and precision-recall over descending thresholds.

    Attributes:
        thresholds: (K,) float64, as probabilities; the last is -inf, where every pixel is positive.
            A pixel is positive when its score is strictly above.
        logits: (K,) float64, the same as logits, from infinity to -infinity: many of the highest
            thresholds are the probability 1.
        fpr: (K,) float64 false positive rate, ascending from 0 to 1.
        tpr: (K,) float64 true positive rate (recall), ascending to 1.
        precision: (K,) float64, NaN where nothing is positive.
        auc: Area under tpr(fpr); NaN without target or without background pixels.
    """

    thresholds: NDArray[np.float64]
    logits: NDArray[np.float64]
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
        total = np.zeros(HISTOGRAM_BINS, np.int64)
        for histogram in histograms:
            total += histogram
        return np.concatenate(([0], np.cumsum(total[::-1])))

    false, hits = cumulate(background), cumulate(target)
    with np.errstate(invalid='ignore', divide='ignore'):
        fpr, tpr, precision = false / false[-1], hits / hits[-1], hits / (hits + false)
    auc = trapezoid(tpr, fpr) if hits[-1] and false[-1] else NAN
    logits = np.concatenate(([np.inf], CURVE_LOGITS[::-1], [-np.inf]))
    inner = np.concatenate((probability_of(LOW_LOGITS), ROC_THRESHOLDS, probability_of(HIGH_LOGITS)))
    thresholds = np.concatenate(([1.0], inner[::-1], [-np.inf]))
    return RocCurve(thresholds, logits, fpr, tpr, precision, auc)
