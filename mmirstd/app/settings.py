"""What a person chooses on the page, and what it means for an inferencer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .gray_values import AUTOMATIC, GRAY_CHOICES

ALONE = 'The image alone'
OWN_SIZE = 'Its own'
#: What people see -> test-time augmentation, as ``--tta`` takes it.
VIEW_CHOICES: dict[str, str | None] = {
    ALONE: None,
    'Mirror images, too': 'flips',
    'Mirror images and sizes': 'flips-scales',
}
SIZE_CHOICES: dict[str, str | None] = {'1/2': 'size=0.5', '3/4': 'size=0.75', OWN_SIZE: None, '3/2': 'size=1.5'}


@dataclass(frozen=True)
class Settings:
    """What the network's run depends on besides the files; with others it must run again.

    Attributes:
        model: Name of the choice.
        gray: Of :data:`~.gray_values.GRAY_CHOICES`.
        dark: The targets are darker than what is behind them.
        views: Of :data:`VIEW_CHOICES`.
        size: Of :data:`SIZE_CHOICES`: in which size the network sees an image.
    """

    model: str
    gray: str = AUTOMATIC
    dark: bool = False
    views: str = ALONE
    size: str = OWN_SIZE

    @property
    def load_options(self) -> dict[str, Any]:
        """For the inferencer."""
        return dict(GRAY_CHOICES[self.gray], **({'invert': True} if self.dark else {}))

    @property
    def tta(self) -> str | None:
        """For the inferencer; None: it sees the image alone, in its own size."""
        return ','.join(part for part in (VIEW_CHOICES[self.views], SIZE_CHOICES[self.size]) if part) or None

    def differences(self, other: Settings) -> list[str]:
        """What another choice changed, in words; empty if nothing."""
        changed = []
        if self.model != other.model:
            changed.append(f'the model {other.model}')
        if self.gray != other.gray:
            changed.append(f'gray values: {_within(other.gray)}')
        if self.dark != other.dark:
            changed.append('dark targets' if other.dark else 'bright targets')
        if self.views != other.views:
            changed.append(f'views: {_within(other.views)}')
        if self.size != other.size:
            changed.append(f'image size: {_within(other.size)}')
        return changed


def _within(choice: str) -> str:
    """As it stands within a sentence."""
    return f'{choice[0].lower()}{choice[1:]}'
