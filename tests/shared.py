"""Where the optional data beside the checkout is: tests that need it skip without it."""

from __future__ import annotations

from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
DATA = Path(__file__).resolve().parent / 'data'
SHARED: Path | None = REPO.parent / 'shared' if (REPO.parent / 'shared' / 'DESIGN.md').is_file() else None

needs_shared = pytest.mark.skipif(
    SHARED is None, reason='needs the data sets beside the checkout (../shared), which are not distributed'
)
