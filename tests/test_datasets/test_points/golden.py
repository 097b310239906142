"""What the official code of LESPS and PAL made of seeded arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.shared import DATA

CASES = range(8)


def recorded(name: str) -> NDArray[Any]:
    with np.load(DATA / 'points_golden.npz') as arrays:
        return arrays[name]
