"""JSON of files that anybody may have written."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: str) -> Any:
    """What a JSON text says.

    Raises:
        json.JSONDecodeError: It is no JSON, or nested deeper than Python can follow, which :func:`json.loads` answers
            with a ``RecursionError``.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise json.JSONDecodeError('nested too deeply', text[:80], 0) from None
