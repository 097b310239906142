"""Short clips around misses and false alarms: the same window in the frames before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .limits import CLIP_REACH


def neighbors(sequences: Sequence[str], index: int, reach: int = CLIP_REACH) -> list[int]:
    """The frames of one sequence around one, itself included; in order.

    Args:
        sequences: Of each image, in data-set order; ``''``: it is in none.
        index: The frame.
        reach: How many before and after.
    """
    if not sequences[index]:
        return [index]
    found = [index]
    for step in (-1, 1):
        at = index + step
        while 0 <= at < len(sequences) and sequences[at] == sequences[index] and abs(at - index) <= reach:
            found.append(at)
            at += step
    return sorted(found)


def chosen_items(items: Sequence[dict[str, Any]], k: int, limit: int) -> list[int]:
    """The findings that get a clip: misses at threshold ``k``, then false alarms, half of each where there are many.

    Of the misses those that most runs and most thresholds miss come first, of the false alarms the most confident ones.

    Args:
        items: Targets with ``detected``, a (K,) array of each run; false alarms with their ``runs``.
        k: Position of the threshold.
        limit: How many at most.

    Returns:
        Positions of the items, in their order.
    """
    missed, alarms = [], []
    for position, item in enumerate(items):
        if item['kind'] == 'alarm':
            alarms.append((-max(entry['peak'] or 0 for entry in item['runs'] if entry), position))
        elif any(not found[k] for found in item['detected']):
            missed.append((sum(int(found.sum()) for found in item['detected']), position))
    room = max(limit - len(alarms), limit - limit // 2)
    chosen = [position for _, position in sorted(missed)[:room]]
    chosen += [position for _, position in sorted(alarms)[: limit - len(chosen)]]
    return sorted(chosen)
