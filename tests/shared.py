"""Where data are: recorded figures, and the optional data beside the checkout, without which tests skip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[1]
DATA = Path(__file__).resolve().parent / 'data'
SHARED: Path | None = REPO.parent / 'shared' if (REPO.parent / 'shared' / 'DESIGN.md').is_file() else None

needs_shared = pytest.mark.skipif(
    SHARED is None, reason='needs the data sets beside the checkout (../shared), which are not distributed'
)


def load_golden(name: str) -> dict[str, Any]:
    """Recorded figures of ``tests/data/golden/<name>.json``."""
    return json.loads((DATA / 'golden' / f'{name}.json').read_text())
