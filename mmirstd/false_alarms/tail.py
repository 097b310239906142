"""The rate beyond what was seen: a generalized Pareto tail behind a high threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .rate_bounds import clopper_pearson

#: Clusters above the threshold where the tail begins: fewer say too little of its shape.
LEAST_CLUSTERS = 30
#: The tail is not followed to rates rarer than one cluster in this many times the clusters there are.
REACH = 20.0
#: Shapes that are tried. A tail is never taken for shorter than an exponential one: a finite end that a few peaks
#: suggest is no promise.
_SHAPES = np.linspace(0, 1, 26)
#: Scales that are tried, in multiples of the mean excess.
_SCALES = np.geomspace(0.2, 3, 41)


@dataclass(frozen=True)
class Tail:
    """A tail of the greatest scores of independent clusters.

    Attributes:
        start: The threshold where it begins.
        clusters: All of them.
        peaks: (K,) the greatest score of those above ``start``, K >= 2.
        weights: (K,) what these contribute at ``start``: false pixels or false targets.
    """

    start: float
    clusters: int
    peaks: NDArray[np.float64]
    weights: NDArray[np.float64]

    def upper_bound(self, thresholds: NDArray[np.floating], confidence: float = 0.95) -> NDArray[np.float64]:
        """Upper bound on what a cluster contributes in the mean, at thresholds from ``start`` on.

        The product of three bounds, which share the allowed failures: of the share of clusters above ``start`` (exact
        binomial), of the tail behind it (profile likelihood; resampling few peaks is too sure of itself) and of what a
        cluster contributes. Clusters with high peaks contribute more, so for those beyond ``start`` stand the third
        with the highest peaks, with what they have at ``start``, which is more than at a higher threshold.

        Args:
            thresholds: (T,) ascending.
            confidence: That the rate is below the bound.
        """
        from scipy.stats import norm

        failures = 1 - confidence
        count = len(self.peaks)
        _, share = clopper_pearson(count, self.clusters, 1 - failures / 2)  # each end fails in half of it
        highest = self.weights[np.argsort(self.peaks)[-max(count // 3, 2) :]]
        spread = float(highest.std(ddof=1)) / np.sqrt(len(highest))
        weight = float(highest.mean()) + float(norm.isf(failures / 4)) * spread
        beyond = survival_bound(self.peaks - self.start, np.asarray(thresholds, np.float64) - self.start, failures / 2)
        bound: NDArray[np.float64] = share * weight * beyond
        return bound


def survival_bound(
    excesses: NDArray[np.floating], values: NDArray[np.floating], failures: float = 0.05
) -> NDArray[np.float64]:
    """Upper bound on the share of excesses above some values, by the profile likelihood of a generalized Pareto tail.

    Args:
        excesses: (K,) positive.
        values: (T,) from 0 on.
        failures: Share of cases in which it may be too low.
    """
    from scipy.stats import chi2, genpareto

    found = np.asarray(excesses, np.float64)
    shape, scale = (grid.ravel() for grid in np.meshgrid(_SHAPES, _SCALES * found.mean()))
    likelihood = genpareto.logpdf(found, shape[:, None], scale=scale[:, None]).sum(axis=1)
    credible = likelihood >= likelihood.max() - chi2.ppf(1 - 2 * failures, 1) / 2
    survival: NDArray[np.float64] = genpareto.sf(
        np.asarray(values, np.float64), shape[credible, None], scale=scale[credible, None]
    ).max(axis=0)
    return survival
