"""Pd of groups of targets: by size and by local signal-to-clutter ratio."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Areas in pixels: up to 3x3, 5x5, 7x7, the 80 px (0.15 % of 256x256) at which SPIE's definition of small ends, more.
SIZE_BINS: tuple[tuple[str, float, float], ...] = (
    ('1-9', 1, 10),
    ('10-25', 10, 26),
    ('26-49', 26, 50),
    ('50-80', 50, 81),
    ('> 80', 81, np.inf),
)
SCR_BINS: tuple[tuple[str, float, float], ...] = (
    ('< 1', 0, 1),
    ('1-2', 1, 2),
    ('2-4', 2, 4),
    ('4-6', 4, 6),
    ('6-10', 6, 10),
    ('>= 10', 10, np.inf),
)


def pd_by(values: np.ndarray, detected: np.ndarray, bins: tuple[tuple[str, float, float], ...]) -> list[dict[str, Any]]:
    """Count targets and detections in bins.

    Args:
        values: (N,) of each target; NaN where not known.
        detected: (N, K) bool, at each threshold.
        bins: Label, from, up to (exclusive).

    Returns:
        Per bin ``label``, ``targets`` and ``detected`` (a list of K); last, if there are any, the unknown.
    """
    groups = [(label, (values >= low) & (values < high)) for label, low, high in bins]
    if np.isnan(values).any():
        groups.append(('unknown', np.isnan(values)))
    return [
        dict(label=label, targets=int(inside.sum()), detected=detected[inside].sum(axis=0).tolist())
        for label, inside in groups
    ]
