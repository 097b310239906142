"""Bootstrap resamples of test images, or of whole sequences of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def sequence_units(sequences: Sequence[str]) -> NDArray[np.int64] | None:
    """What is drawn together: the number of each image's sequence.

    Neighboring frames are alike, so a resample of single frames would make intervals that are too short.

    Args:
        sequences: Of each image, ``''`` where it is in none.

    Returns:
        (N,), numbered by first appearance; None where fewer than two sequences are told apart: images are drawn singly.
    """
    names = list(dict.fromkeys(sequences))
    if len(names) < 2 or '' in names:
        return None
    return np.array([names.index(name) for name in sequences], np.int64)


def resample_weights(
    number: int, units: NDArray[np.int64] | None = None, resamples: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """How often each image is in each resample.

    Args:
        number: Images N.
        units: (N,) what is drawn together, see :func:`sequence_units`; None: images singly.
        resamples: R of them; each draws as many units as there are, with replacement.
        seed: Of the drawing.

    Returns:
        (R, N).
    """
    count = number if units is None else int(units.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    return (drawn if units is None else drawn[:, units]).astype(np.float64)


def percentile_interval(values: NDArray[np.float64], level: float = 0.95) -> tuple[float | None, float | None]:
    """The interval that holds the middle ``level`` of the resamples' values.

    Args:
        values: (R,); those that are not finite are left out: a resample may hold no target at all.
        level: Coverage.

    Returns:
        Low and high end; None and None where no value is finite.
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None, None
    low, high = np.quantile(finite, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)
