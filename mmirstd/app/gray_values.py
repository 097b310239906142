"""The choices of how gray values become the network's input, and what each means for an inferencer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Settings:
    """What the network's run depends on besides the files; with others it must run again.

    Attributes:
        model: Name of the choice.
        gray: Of :data:`GRAY_CHOICES`.
        dark: The targets are darker than what is behind them.
    """

    model: str
    gray: str = AUTOMATIC
    dark: bool = False

    @property
    def load_options(self) -> dict[str, Any]:
        """For the inferencer."""
        return dict(GRAY_CHOICES[self.gray], **({'invert': True} if self.dark else {}))

    def differences(self, other: Settings) -> list[str]:
        """What another choice changed, in words; empty if nothing."""
        changed = []
        if self.model != other.model:
            changed.append(f'the model {other.model}')
        if self.gray != other.gray:
            changed.append(f'gray values: {other.gray[0].lower()}{other.gray[1:]}')
        if self.dark != other.dark:
            changed.append('dark targets' if other.dark else 'bright targets')
        return changed


def any_16_bits(images: Iterable[UploadedFile]) -> bool:
    """Whether one of these images has 16 bits; those that cannot be read have none."""
    for image in images:
        try:
            if image.read().dtype == np.uint16:
                return True
        except (OSError, ValueError):
            continue  # is told when its turn comes
    return False
