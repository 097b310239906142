"""The least threshold whose false-alarm rate is below what was asked for, with a stated confidence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .counts import FalseAlarmCounts
from .rate_bounds import clustered_upper_bound
from .tail import LEAST_CLUSTERS, REACH, Tail

#: Clusters with a false alarm that say how much one may contribute.
_FOR_WEIGHT = 30
METHODS: tuple[str, ...] = ('auto', 'counts', 'tail')


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        what: ``'pixels'`` (false pixels a pixel) or ``'targets'`` (false targets an image).
        rate: At most so many.
        text: In the words of the user.
        confidence: That the rate is held.
        images: In messages false targets are told over so many images; 1: over one, as ``rate`` is.
        unit: What that many images are, such as ``'an hour'``; empty: a pixel or an image.

    Raises:
        ValueError: An argument is out of its range.
    """

    what: str
    rate: float
    text: str
    confidence: float = 0.95
    images: float = 1.0
    unit: str = ''

    def __post_init__(self) -> None:
        most = 1.0 if self.what == 'pixels' else math.inf
        if self.what not in ('pixels', 'targets') or not 0 < self.rate < most or not 0.5 <= self.confidence < 1:
            raise ValueError(
                f'{self.rate} false {self.what} with confidence {self.confidence}; expected a rate above 0'
                f'{", below 1," if most == 1 else ""} and a confidence from 0.5 to below 1'
            )

    def told(self, rate: float) -> str:
        """A rate in the unit of the user, such as ``'0.25 false targets an image'``."""
        unit = self.unit or ('a pixel' if self.what == 'pixels' else 'an image')
        return f'{rate * self.images:.3g} false {self.what} {unit}'

    def units(self, counts: FalseAlarmCounts) -> float:
        """Pixels or images, over which the rate is taken."""
        return float(counts.pixels if self.what == 'pixels' else counts.images)


@dataclass(frozen=True)
class Choice:
    """A threshold.

    Attributes:
        threshold: A pixel is target when its score is greater.
        index: Its place among the thresholds that were counted.
        seen: Rate of false alarms in the images.
        bound: Upper bound on the rate.
        method: ``'counts'`` or ``'tail'``.
        with_false: Clusters with a false alarm.
    """

    threshold: float
    index: int
    seen: float
    bound: float
    method: str
    with_false: int


class UnsupportedRateError(ValueError):
    """The images are too few for the rate that was asked for.

    Attributes:
        reachable: The least rate that they support.
        images: About how many would be needed.
    """

    def __init__(self, message: str, reachable: float, images: int) -> None:
        super().__init__(message)
        self.reachable = reachable
        self.images = images


def choose_threshold(counts: FalseAlarmCounts, request: Request, method: str = 'auto') -> Choice:
    """Choose the least threshold from which on every bound is below the rate.

    The thresholds are tried from the highest downward until a bound is above the rate. One that is too low is taken
    only where the bound at the last right one fails, so trying many costs no confidence.

    Args:
        counts: Of background or labeled images.
        request: What is asked for.
        method: ``'counts'``: the bound over clusters (:func:`.rate_bounds.clustered_upper_bound`). ``'tail'``: the
            generalized Pareto tail (:class:`.tail.Tail`). ``'auto'``: the first where it supports the rate, else the
            second.

    Raises:
        UnsupportedRateError: The images cannot support it.
        ValueError: There is no image, or no such method.
    """
    if not counts.images or method not in METHODS:
        raise ValueError(f'{counts.images} images, method {method!r}; expected images, and one of {", ".join(METHODS)}')
    totals = counts.false_totals(request.what)
    if method in ('auto', 'counts'):
        try:
            return _by_counts(counts, request, totals)
        except UnsupportedRateError as error:
            if method == 'counts':
                raise
            try:
                return _by_tail(counts, request, totals)
            except UnsupportedRateError:
                raise error from None
    return _by_tail(counts, request, totals)


def event_weights(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """What one more cluster with a false alarm may contribute at each threshold.

    The most that one did, where at least 30 did; at higher thresholds that of the last of these. So a threshold above
    all that was seen does not take the next false alarm for a single pixel.

    Args:
        totals: (clusters, T).

    Returns:
        (T,), at least 1.
    """
    enough = (totals > 0).sum(axis=0) >= _FOR_WEIGHT
    last = int(np.flatnonzero(enough)[-1]) if enough.any() else 0
    largest = totals.max(axis=0)
    return np.maximum(np.where(np.arange(len(largest)) <= last, largest, largest[last]), 1.0)


def _by_counts(counts: FalseAlarmCounts, request: Request, totals: NDArray[np.float64]) -> Choice:
    weights = event_weights(totals)
    bounds = clustered_upper_bound(totals, weights, request.confidence) / request.units(counts)
    index = _lowest(bounds, request.rate)
    if index is None:
        needed = math.ceil(counts.images * bounds[-1] / request.rate)
        raise UnsupportedRateError(
            f'{counts.clusters} independent images or sequences without any false alarm support at best '
            f'{request.told(float(bounds[-1]))} at {request.confidence:.0%} confidence, as one false alarm may be '
            f'{weights[-1]:.0f} {request.what}; asked were {request.rate * request.images:g}',
            float(bounds[-1]),
            needed,
        )
    return _choice(counts, request, totals, index, float(bounds[index]), 'counts')


def _by_tail(counts: FalseAlarmCounts, request: Request, totals: NDArray[np.float64]) -> Choice:
    peaks = counts.false_peaks()
    clusters = len(peaks)
    above = (peaks[None] > counts.thresholds[:, None]).sum(axis=1)
    # A tail of the highest tenth, or of as many as say something of its shape.
    wanted = max(LEAST_CLUSTERS, clusters // 10)
    enough = np.flatnonzero(above >= wanted)
    if not len(enough):
        found = int(above[0]) if len(above) else 0
        raise UnsupportedRateError(
            f'only {found} independent images or sequences have a score above {counts.thresholds[0]:g}; a tail needs '
            f'{wanted}',
            math.inf,
            math.ceil(counts.images * wanted / max(found, 1)),
        )
    first = int(enough[-1])
    start = float(counts.thresholds[first])
    chosen = peaks > start
    weights = np.maximum(totals[chosen, first], 1.0)
    tail = Tail(start, clusters, peaks[chosen], weights)
    bounds = tail.upper_bound(counts.thresholds[first:], request.confidence) * clusters / request.units(counts)
    reachable = float(weights.mean()) / (REACH * request.units(counts))
    index = _lowest(bounds, request.rate)
    if index is None or request.rate < reachable:
        raise UnsupportedRateError(
            f'the tail of {int(chosen.sum())} peaks is followed to {request.told(reachable)} at most, {REACH:g} times '
            f'beyond what was seen; asked were {request.rate * request.images:g}',
            reachable,
            math.ceil(counts.images * max(reachable, float(bounds[-1])) / request.rate),
        )
    return _choice(counts, request, totals, first + index, float(bounds[index]), 'tail')


def _lowest(bounds: NDArray[np.float64], rate: float) -> int | None:
    """The first place from which on all bounds are within the rate."""
    above = np.flatnonzero(bounds > rate)
    first = int(above[-1]) + 1 if len(above) else 0
    return first if first < len(bounds) else None


def _choice(
    counts: FalseAlarmCounts, request: Request, totals: NDArray[np.float64], index: int, bound: float, method: str
) -> Choice:
    return Choice(
        float(counts.thresholds[index]),
        index,
        float(totals[:, index].sum()) / request.units(counts),
        bound,
        method,
        int((totals[:, index] > 0).sum()),
    )
