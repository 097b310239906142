"""The thresholds a report can be looked at."""

from __future__ import annotations

import numpy as np

#: Ascending; steps of 0.02 with 0.5 among them, and finer ones at both ends, where networks put most of their pixels.
#: All are edges of the dump's codes, so that nothing is decided otherwise than by the unquantized probabilities.
REPORT_THRESHOLDS: tuple[float, ...] = (
    0.001,
    0.002,
    0.005,
    0.01,
    *(k / 50 for k in range(1, 50)),
    0.99,
    0.995,
    0.998,
    0.999,
)

#: What is found above this one counts in the reliability by target.
CANDIDATE_THRESHOLD = 0.1


def threshold_levels(score: np.ndarray) -> np.ndarray:
    """How many of the thresholds a probability exceeds: all a page needs to draw its contours.

    Args:
        score: (H, W) float in [0, 1].

    Returns:
        (H, W) uint8; ``level > k`` where ``score > REPORT_THRESHOLDS[k]`` in float32.
    """
    edges = np.asarray(REPORT_THRESHOLDS, np.float32)
    values = np.asarray(score, np.float32)
    return np.searchsorted(edges, values.ravel(), side='left').reshape(values.shape).astype(np.uint8)
