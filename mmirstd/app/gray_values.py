"""The choices of how gray values become the network's input, and what each means for an inferencer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .uploads import UploadedFile

AUTOMATIC = 'Automatic'
ROBUST = 'Stretch, whatever gain and offset'
#: What people see -> the loading options; with the first the inferencers decide, as everywhere.
GRAY_CHOICES: dict[str, dict[str, Any]] = {
    AUTOMATIC: {},
    **{f'{bits} bit': dict(normalize='fixed', bit_depth=bits) for bits in (10, 12, 14, 16)},
    ROBUST: dict(normalize='robust'),
    'Stretch between percentiles 0.5 and 99.5': dict(normalize='percentile'),
    'Stretch from least to greatest value': dict(normalize='minmax'),
}


def any_16_bits(images: Iterable[UploadedFile]) -> bool:
    """Whether one of these images has 16 bits; those that cannot be read have none."""
    for image in images:
        try:
            if image.read().dtype == np.uint16:
                return True
        except (OSError, ValueError):
            continue  # is told when its turn comes
    return False
