"""Bounds on rates: of single events (Clopper and Pearson), and of events that come in clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a binomial rate.

    Args:
        hits: Events.
        trials: Independent trials; without any the interval is 0 to 1.
        confidence: That the interval holds the rate; each end fails in half of the rest.

    Raises:
        ValueError: The counts or the confidence are out of their range.
    """
    from scipy.stats import beta

    if not 0 <= hits <= trials or not 0 < confidence < 1:
        raise ValueError(
            f'{hits} of {trials} with confidence {confidence}; expected 0 <= hits <= trials, 0 < confidence < 1'
        )
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, trials - hits + 1))
    high = 1.0 if hits == trials else float(beta.isf(tail, hits + 1, trials - hits))
    return low, high


def clustered_upper_bound(
    totals: NDArray[np.floating], largest: NDArray[np.floating], confidence: float = 0.95
) -> NDArray[np.float64]:
    """Upper bound on the expected sum of what clusters contribute.

    False pixels of one image are neighbors and come together: a bound that takes pixels for independent is far too low.
    Here each image is one event whose weight is what it contributes. The gamma bound for weighted Poisson sums (Fay and
    Feuer, "Confidence intervals for directly standardized rates", Statistics in Medicine 16, 1997) counts one more
    event of the largest weight. With equal weights it is the exact Poisson bound, to which that of Clopper and Pearson
    tends for rare events.

    Args:
        totals: (N, ...) what each cluster contributes, >= 0.
        largest: (...) the weight of one more event, > 0: as much as a cluster may contribute.
        confidence: That the expected sum over N clusters is below the bound.

    Returns:
        (...) bounds on the sum.
    """
    from scipy.stats import chi2

    values = np.asarray(totals, np.float64)
    weight = np.maximum(np.asarray(largest, np.float64), values.max(axis=0, initial=0.0))
    mean = values.sum(axis=0) + weight
    variance = (values**2).sum(axis=0) + weight**2
    bound: NDArray[np.float64] = variance / (2 * mean) * chi2.ppf(confidence, 2 * mean**2 / variance)
    return bound
