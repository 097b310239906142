"""One part of a list that several processes or machines share."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from .inputs import Source


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``count``.

    Which part has an input follows from its name alone: all processes agree on it, also where the list grows or the
    folder lies elsewhere on another machine, and inputs of one name, whose outputs would meet, are in one part.

    Args:
        number: From 1.
        count: How many parts there are.

    Raises:
        ValueError: There is no such part.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ValueError(f'part {self.number} of {self.count}; expected 1 to {max(1, self.count)}')

    @classmethod
    def parse(cls, text: str) -> Shard:
        """From ``'3/8'``.

        Raises:
            ValueError: The text is something else.
        """
        number, slash, count = text.partition('/')
        if not (slash and number.isdecimal() and count.isdecimal()):
            raise ValueError(f'{text!r}; expected K/N, the part K of N, e.g. 3/8')
        return cls(int(number), int(count))

    def has(self, source: Source) -> bool:
        """Whether an input belongs to this part."""
        name = source.name.replace('\\', '/').casefold()
        return zlib.crc32(name.encode('utf-8', 'surrogateescape')) % self.count == self.number - 1

    @property
    def suffix(self) -> str:
        """What the names of this part's files have before their suffix: ``'.3of8'``."""
        return f'.{self.number}of{self.count}'
