"""Constant false-alarm rate by local statistics: how far each pixel's score lies above its surroundings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cfar:
    """Compare each logit with the mean and standard deviation of those in a square ring around it.

    Where clutter makes a network unsure, the scores around are high and vary, and a pixel must exceed them by more.

    Args:
        guard: Side of the inner square in pixels, which the target may fill; odd.
        ring: Side of the outer square; odd, larger than ``guard``.
        floor: Least standard deviation in logit units. It keeps a smooth surrounding from making much of little.

    Raises:
        ValueError: An argument is out of its range.
    """

    guard: int = 15
    ring: int = 41
    floor: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.guard < self.ring and self.guard % 2 and self.ring % 2 and 0 < self.floor < np.inf):
            raise ValueError(
                f'guard {self.guard}, ring {self.ring}, floor {self.floor}; expected odd sides with guard < ring, and '
                'a positive floor'
            )

    def __call__(self, logit: NDArray[Any]) -> NDArray[np.float32]:
        """Distances from the surroundings, in their standard deviations.

        Args:
            logit: (H, W).

        Returns:
            (H, W) float32.
        """
        values = np.asarray(logit, np.float64)
        mean = self._ring_mean(values)
        # About the mean of the image, so that the squares keep their digits.
        offset = values.mean() if values.size else 0.0
        square = self._ring_mean((values - offset) ** 2)
        deviation = np.sqrt(np.maximum(square - (mean - offset) ** 2, self.floor**2))
        return ((values - mean) / deviation).astype(np.float32)

    def _ring_mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        import cv2  # here: commands that print their help know thresholds, and do not load OpenCV

        sums = [
            cv2.boxFilter(values, cv2.CV_64F, (side, side), normalize=False, borderType=cv2.BORDER_REFLECT)
            for side in (self.ring, self.guard)
        ]
        return np.asarray((sums[0] - sums[1]) / (self.ring**2 - self.guard**2), np.float64)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
