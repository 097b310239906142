"""Do probabilities mean what they say? Calibration of pixels, and the temperature that mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.logits import probability_of

#: Edges of the logits' bins: a step of 0.02 around 0, and of 2 percent where they are large.
_EDGES = np.sinh(np.arange(-7, 7.01, 0.02))
#: Bins of the probability in the expected calibration error and in the diagram.
BINS = 15


@dataclass(frozen=True)
class Calibration:
    """How probabilities agree with the truth, by pixel.

    Attributes:
        ece: Expected calibration error: the mean distance of the probability from the share of targets, over 15 bins
            of the probability.
        nll: Mean negative log likelihood, in nats.
        brier: Mean squared difference of probability and truth.
    """

    ece: float
    nll: float
    brier: float

    def __str__(self) -> str:
        return f'ECE {self.ece:.3g}, NLL {self.nll:.3g}, Brier {self.brier:.3g}'


def reliability_bins(
    probability: NDArray[np.floating], background: NDArray[np.floating], target: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The bins of a reliability diagram, without the empty ones of :data:`BINS`.

    Args:
        probability: (N,) what is claimed.
        background: (N,) how many with this claim are background.
        target: (N,) how many are target.

    Returns:
        Mean claim, share of targets and number, of each bin.
    """
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    pixels = np.bincount(place, background + target, BINS).astype(np.float64)
    kept = pixels > 0
    said = np.bincount(place, probability * (background + target), BINS)[kept] / pixels[kept]
    return said, np.bincount(place, target, BINS)[kept] / pixels[kept], pixels[kept]


def expected_error(said: NDArray[np.float64], true: NDArray[np.float64], number: NDArray[np.float64]) -> float:
    """Expected calibration error of the bins of :func:`reliability_bins`; NaN without any."""
    return float((number * np.abs(said - true)).sum() / number.sum()) if len(number) else float('nan')


class LogitCounts:
    """How many pixels of targets and of background have which logits; of a few kilobytes, however many images.

    A bin is two percent wide, and all its pixels count with their mean logit.
    """

    def __init__(self) -> None:
        self.counts = np.zeros((2, len(_EDGES) + 1))
        self._sums = np.zeros(len(_EDGES) + 1)

    def add(self, logit: NDArray[np.floating], mask: NDArray[np.bool_]) -> None:
        """Count an image.

        Args:
            logit: (H, W).
            mask: (H, W) bool, the targets.
        """
        bins = np.searchsorted(_EDGES, logit.ravel())
        target = mask.ravel()
        size = len(self._sums)
        self.counts[1] += np.bincount(bins[target], minlength=size)
        self.counts[0] += np.bincount(bins[~target], minlength=size)
        self._sums += np.bincount(bins, np.asarray(logit, np.float64).ravel(), minlength=size)

    @classmethod
    def merged(cls, parts: Iterable[LogitCounts]) -> LogitCounts:
        """The counts of several together."""
        total = cls()
        for part in parts:
            total.counts += part.counts
            total._sums += part._sums
        return total

    def _filled(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Logit, background pixels and target pixels of the bins that have some."""
        total = self.counts.sum(axis=0)
        kept = total > 0
        return self._sums[kept] / total[kept], self.counts[0][kept], self.counts[1][kept]

    def measure(self, temperature: float = 1.0, bias: float = 0.0) -> Calibration:
        """Calibration of ``sigmoid(logit / temperature + bias)``.

        Raises:
            ValueError: There is no pixel, or the temperature is not positive.
        """
        if not self.counts.sum() or not temperature > 0:
            raise ValueError(f'{self.counts.sum():.0f} pixels, temperature {temperature}; expected both above 0')
        logit, background, target = self._filled()
        scaled = logit / temperature + bias
        probability, pixels = probability_of(scaled), self.counts.sum()
        nll = (target * np.logaddexp(0, -scaled) + background * np.logaddexp(0, scaled)).sum() / pixels
        brier = (target * (1 - probability) ** 2 + background * probability**2).sum() / pixels
        ece = expected_error(*reliability_bins(probability, background, target))
        return Calibration(ece, float(nll), float(brier))

    def diagram(
        self, temperature: float = 1.0, bias: float = 0.0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Points of the reliability diagram: mean probability, share of targets and pixels of each bin with pixels."""
        logit, background, target = self._filled()
        return reliability_bins(probability_of(logit / temperature + bias), background, target)

    def fit_temperature(self) -> float:
        """The temperature of the least negative log likelihood; no pixel changes sides at 0.5, no order changes.

        Raises:
            ValueError: There are no pixels of both kinds.
        """
        return self._fit(with_bias=False)[0]

    def fit_platt(self) -> tuple[float, float]:
        """Temperature and bias of the least negative log likelihood; the bias moves what is above 0.5.

        Raises:
            ValueError: There are no pixels of both kinds.
        """
        return self._fit(with_bias=True)

    def _fit(self, with_bias: bool) -> tuple[float, float]:
        from scipy.optimize import minimize

        if not (self.counts.sum(axis=1) > 0).all():
            raise ValueError('a temperature needs pixels of targets and of background')

        def loss(values: NDArray[np.float64]) -> float:
            return self.measure(float(np.exp(values[0])), float(values[1]) if with_bias else 0.0).nll

        # From several starts: with logits of hundreds the loss is flat where the temperature is far too low.
        starts = [np.array([start, 0.0][: 1 + with_bias]) for start in (0.0, 2.0, 4.0)]
        best = min((minimize(loss, start, method='Nelder-Mead') for start in starts), key=lambda found: found.fun)
        return float(np.exp(best.x[0])), float(best.x[1]) if with_bias else 0.0
