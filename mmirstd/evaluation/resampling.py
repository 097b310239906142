"""Bootstrap resamples of test images, or of whole sequences of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

#: Numbers that are drawn at a time: 80 MB.
_BLOCK = 10_000_000


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
    number = {name: place for place, name in enumerate(names)}
    return np.array([number[name] for name in sequences], np.int64)


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
    drawn = np.empty((resamples, count))
    done = 0
    for part in draw_weights(count, resamples, np.random.default_rng(seed)):
        drawn[done : done + len(part)] = part
        done += len(part)
    return drawn if units is None else drawn[:, units]


def draw_weights(units: int, resamples: int, generator: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """How often each unit is in each resample, some resamples at a time, which bounds the memory.

    Args:
        units: U of them.
        resamples: How many in all.
        generator: However many come at a time, it draws the same.

    Yields:
        (R, U), R at most 1000.
    """
    most = max(1, min(1000, _BLOCK // max(units, 1)))
    for start in range(0, resamples, most):
        drawn = generator.multinomial(units, np.full(units, 1 / units), size=min(most, resamples - start))
        yield drawn.astype(np.float64)


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
