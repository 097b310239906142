"""Codes of fewer bits than their files have: 14-bit cameras write 16-bit files."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Usual depths of codes that are stored in 16 bits.
DEPTHS: tuple[int, ...] = (8, 10, 12, 14)


class BitDepthWatch:
    """Looks at images as they come and tells when all 16-bit ones stay below a power of two.

    A dark image alone proves nothing, so what is said is what was seen.

    Attributes:
        images: 16-bit images seen.
        largest: Their largest value.
    """

    def __init__(self) -> None:
        self.images = 0
        self.largest = 0

    def observe(self, image: NDArray[Any]) -> None:
        """Take an image into account.

        Args:
            image: (H, W[, T]) as it is stored; only uint16 counts.
        """
        if image.dtype == np.uint16:
            self.images += 1
            self.largest = max(self.largest, int(image.max()))

    @property
    def depth(self) -> int | None:
        """The bits that hold every 16-bit image so far, of :data:`DEPTHS`.

        None: none was seen, they are black, or they need more.
        """
        if not self.largest:
            return None
        return next((depth for depth in DEPTHS if self.largest < 2**depth), None)

    def warning(self, cure: str) -> str | None:
        """What to say to someone whose images are divided by 65535.

        Args:
            cure: The option that sets the bit depth, with ``{}`` for the number.

        Returns:
            None if there is nothing to say.
        """
        if self.depth is None:
            return None
        seen = (
            'The 16-bit image looked at is'
            if self.images == 1
            else f'The {self.images} 16-bit images looked at are all'
        )
        return (
            f'{seen} below 2^{self.depth} (largest value {self.largest}). If they hold {self.depth}-bit codes, say '
            f'so with {cure.format(self.depth)}: divided by 65535, as now, such codes are '
            f'{65535 / (2**self.depth - 1):.0f} times too dark for the network'
        )
