"""Between probabilities and logits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: The least logit whose probability float32 rounds to 1, ``log(2 ** 25 - 1)``.
SATURATED = float(np.log(2.0**25 - 1))
#: The greatest logit whose probability float32 rounds to 0 (half of the least number above 0).
VANISHED = float(-150 * np.log(2.0))


def probability_of(logit: NDArray[np.floating]) -> NDArray[np.float64]:
    """The sigmoid, in float64."""
    # By the size of the logit, so that no power overflows.
    small = np.exp(-np.abs(np.asarray(logit, np.float64)))
    return np.where(np.asarray(logit) >= 0, 1 / (1 + small), small / (1 + small))


def logit_of(probability: NDArray[np.floating]) -> NDArray[np.float64]:
    """The logits of float32 probabilities; a number of [0, 1] gives a finite one.

    What float32 has rounded to 1 gives the least logit that it can have been, ``SATURATED``; 0 the greatest,
    ``VANISHED``.
    """
    values = np.asarray(probability, np.float64)
    with np.errstate(divide='ignore'):
        logits: NDArray[np.float64] = np.clip(np.log(values) - np.log1p(-values), VANISHED, SATURATED)
    return logits
