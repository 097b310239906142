"""Bins of the signal-to-clutter ratio, by which the metrics part the targets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def check_scr_bins(edges: Sequence[float | None], where: str) -> list[float]:
    """The edges of the bins, None as infinity.

    Args:
        edges: Ascending.
        where: Who asks, for the message.

    Raises:
        ValueError: Fewer than two edges, or they do not ascend.
    """
    bins = [math.inf if edge is None else float(edge) for edge in edges]
    if len(bins) < 2 or any(not low < high for low, high in zip(bins, bins[1:])):
        raise ValueError(f'{where}: scr_bins={bins}; expected at least two ascending edges')
    return bins


def bin_name(row: Mapping[str, float]) -> str:
    """``2-4``, or ``20+`` of the bin without an end, of a row of :func:`~.functional.box_pd_fa.pd_by_scr`."""
    return f'{row["low"]:g}+' if math.isinf(row['high']) else f'{row["low"]:g}-{row["high"]:g}'
