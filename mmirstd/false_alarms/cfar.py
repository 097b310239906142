"""Constant false-alarm rate by local statistics: how far each pixel's score lies above its surroundings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STATISTICS: tuple[str, ...] = ('mean', 'median')
#: ``'median'`` looks at about so many pixels of the ring, evenly spaced.
_SAMPLES = 120
#: Numbers that are sorted at once, to bound the memory.
_BLOCK = 2**23


@dataclass(frozen=True)
class Cfar:
    """Compare each logit with the center and the spread of those in a square ring around it.

    Where clutter makes a network unsure, the scores around are high and vary, and a pixel must exceed them by more.

    Args:
        guard: Side of the inner square in pixels, which the target may fill; odd.
        ring: Side of the outer square; odd, larger than ``guard``.
        floor: Least spread in logit units. It keeps a smooth surrounding from making much of little.
        statistic: ``'mean'`` and standard deviation. ``'median'`` and the median distance from it, times 1.4826, the
            standard deviation of normal noise: other targets and edges in less than half of the ring do not count. It
            takes 0.5 s for 256 x 256 pixels.

    Raises:
        ValueError: An argument is out of its range.
    """

    guard: int = 15
    ring: int = 41
    floor: float = 1.0
    statistic: str = 'mean'

    def __post_init__(self) -> None:
        if not (0 < self.guard < self.ring and self.guard % 2 and self.ring % 2 and 0 < self.floor < np.inf):
            raise ValueError(
                f'guard {self.guard}, ring {self.ring}, floor {self.floor}; expected odd sides with guard < ring, and '
                'a positive floor'
            )
        if self.statistic not in STATISTICS:
            raise ValueError(f'statistic {self.statistic!r}; expected one of {", ".join(STATISTICS)}')

    def __call__(self, logit: NDArray[Any]) -> NDArray[np.float32]:
        """Distances from the surroundings, in their spread.

        Args:
            logit: (H, W).

        Returns:
            (H, W) float32.
        """
        if self.statistic == 'median':
            return self._from_medians(np.asarray(logit, np.float32))
        values = np.asarray(logit, np.float64)
        mean = self._ring_mean(values)
        # About the mean of the image, so that the squares keep their digits.
        offset = values.mean() if values.size else 0.0
        square = self._ring_mean((values - offset) ** 2)
        deviation = np.sqrt(np.maximum(square - (mean - offset) ** 2, self.floor**2))
        return ((values - mean) / deviation).astype(np.float32)

    def _from_medians(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        reach = self.ring // 2
        padded = np.pad(values, reach, mode='symmetric') if values.size else values
        height, width = values.shape
        places = self._ring_places()
        rows = max(1, _BLOCK // (len(places) * max(width, 1)))
        score = np.empty(values.shape, np.float32)
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            around = np.stack([padded[top + row : bottom + row, column : column + width] for row, column in places])
            center = np.median(around, axis=0)
            spread = 1.4826 * np.median(np.abs(around - center), axis=0)
            score[top:bottom] = (values[top:bottom] - center) / np.maximum(spread, self.floor)
        return score

    def _ring_places(self) -> list[tuple[int, int]]:
        """Rows and columns of pixels of the ring in the outer square, about ``_SAMPLES`` of them."""
        step = max(1, round(((self.ring**2 - self.guard**2) / _SAMPLES) ** 0.5))
        middle, inner = self.ring // 2, self.guard // 2
        # From the middle outward, so that the pixels lie alike on all sides.
        steps = range(-(middle // step) * step, middle + 1, step)
        return [
            (middle + row, middle + column) for row in steps for column in steps if max(abs(row), abs(column)) > inner
        ]

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
