"""Mean, spread and paired differences of a few seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation (n - 1); None for one value.

    Raises:
        ValueError: No value.
    """
    if not values:
        raise ValueError('no value to average')
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return mean, None
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))


@dataclass(frozen=True)
class PairedDifference:
    """A minus B, paired by seed or by image.

    Attributes:
        n: Pairs.
        mean: Mean difference.
        low: Lower end of the interval; None for one pair.
        high: Upper end.
        positive: Pairs with A > B.
        negative: Pairs with A < B.
    """

    n: int
    mean: float
    low: float | None
    high: float | None
    positive: int
    negative: int

    @property
    def sign(self) -> int:
        """1 or -1 where the interval lies above or below 0, otherwise 0: no difference seen."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return 0
        return 1 if self.low > 0 else -1

    def scaled(self, factor: float) -> PairedDifference:
        """In other units; ``factor`` is positive."""
        low, high = (None if end is None else end * factor for end in (self.low, self.high))
        return replace(self, mean=self.mean * factor, low=low, high=high)


def paired_difference(a: Sequence[float], b: Sequence[float], level: float = 0.95) -> PairedDifference:
    """Paired t interval of the mean difference, which assumes nearly normal differences.

    A t interval and no bootstrap: with two to five seeds a bootstrap can only draw the few differences it has, and
    its intervals are too short.

    Args:
        a: A's values.
        b: B's, of the same seeds in the same order.
        level: Coverage of the interval.

    Raises:
        ValueError: Other lengths, or none.
    """
    if len(a) != len(b):
        raise ValueError(f'{len(a)} values of A and {len(b)} of B are no pairs')
    differences = [x - y for x, y in zip(a, b)]
    mean, spread = mean_and_spread(differences)
    low = high = None
    if spread is not None:
        from scipy.stats import t

        half = float(t.ppf(0.5 + level / 2, len(differences) - 1)) * spread / math.sqrt(len(differences))
        low, high = mean - half, mean + half
    return PairedDifference(
        len(differences), mean, low, high, sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    )
