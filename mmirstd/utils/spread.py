"""A few of many items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: How many files a first look at a data set reads.
LOOKS = 24


def spread(items: Sequence[Any], count: int = LOOKS) -> list[Any]:
    """At most ``count`` of the items, evenly spread, the first and the last among them."""
    if len(items) <= count:
        return list(items)
    return [items[round(k * (len(items) - 1) / (count - 1))] for k in range(count)]
