"""Groups of targets: by size and by local signal-to-clutter ratio."""

from __future__ import annotations

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


def group_targets(values: np.ndarray, bins: tuple[tuple[str, float, float], ...]) -> tuple[list[str], list[np.ndarray]]:
    """Which targets are in which bin.

    Args:
        values: (N,) of each target; NaN where not known.
        bins: Label, from, up to (exclusive).

    Returns:
        Labels of the bins and the numbers of their targets; last, if there are any, the unknown.
    """
    groups = [(label, np.flatnonzero((values >= low) & (values < high))) for label, low, high in bins]
    if np.isnan(values).any():
        groups.append(('unknown', np.flatnonzero(np.isnan(values))))
    return [label for label, _ in groups], [inside for _, inside in groups]
