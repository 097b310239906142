"""The classes that a data set's meta information lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def listed_classes(meta: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Names in the order of the labels; empty where none are listed.

    Args:
        meta: ``metainfo`` of a data set; ``classes='drone'`` is one name, and no list of letters.
    """
    names = (meta or {}).get('classes') or ()
    return (names,) if isinstance(names, str) else tuple(str(name) for name in names)
