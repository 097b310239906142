"""Large images in overlapping tiles, in memory that the tile bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from .score_map import ScoreMap

#: ``tile='auto'`` tiles images of more pixels; a Full HD frame still goes through in one piece.
AUTO_TILE_PIXELS = 2**21

Span = tuple[int, int]


@dataclass(frozen=True)
class Tiling:
    """How an image is cut into tiles and put together again.

    Tiles begin at multiples of ``align``, so that a network's strided layers see the pixels in the same phase as in
    the whole image, and a tile at the image's border ends there, so that padding is the whole image's.  In the result
    a pixel comes only from tiles in which it is ``overlap / 2`` (``seam='crop'``) or ``overlap / 4``
    (``seam='blend'``) away from a cut.  A network whose outputs depend on no more than that many pixels around them
    therefore gives the very result of the whole image.  A network with global pooling (GGL-Net's squeeze-and-excitation
    and channel attention) or a threshold from the whole image (the classical methods) sees other statistics in
    a tile, and so gives another result, by its nature.

    Args:
        window: Side of a tile in pixels; rounded up to a multiple of ``align``.
        overlap: Pixels that neighbors share, at least; rounded up likewise.
        seam: ``'crop'``: each pixel from one tile, the cut in the middle of the overlap.  ``'blend'``: tiles fade
            into each other linearly over the middle half of the overlap, so that networks whose tiles differ show no
            step that could split a target.
        align: Multiple of the network's total stride, in pixels.

    Raises:
        ValueError: If ``window`` is less than twice ``overlap``, or an argument is out of its range.
    """

    window: int = 1024
    overlap: int = 128
    seam: str = 'blend'
    align: int = 32

    def __post_init__(self) -> None:
        if self.align < 1 or self.window < 1 or self.overlap < 0:
            raise ValueError(
                f'window {self.window}, overlap {self.overlap}, align {self.align}; expected positive '
                'numbers of pixels (overlap may be 0)'
            )
        if self.seam not in ('blend', 'crop'):
            raise ValueError(f"seam is {self.seam!r}; expected 'blend' or 'crop'")
        for name in ('window', 'overlap'):
            value = getattr(self, name)
            object.__setattr__(self, name, value + -value % self.align)
        if self.window < 2 * self.overlap:
            raise ValueError(
                f'a window of {self.window} pixels with an overlap of {self.overlap}; expected a window '
                'of at least twice the overlap: enlarge --window or reduce --overlap'
            )

    def spans(self, size: int) -> list[Span]:
        """Start and end of the tiles along one axis."""
        if size <= self.window:
            return [(0, size)]
        last = size - self.window
        last += -last % self.align
        step = self.window - self.overlap
        return [*((start, start + self.window) for start in range(0, last, step)), (last, size)]

    def weights(self, spans: Sequence[Span]) -> list[np.ndarray]:
        """Weight of each tile's pixels along one axis, (end - start,) float32; they add up to 1 at every pixel."""
        rising = [None, *(self._rise(before, after) for before, after in zip(spans, spans[1:])), None]
        result = []
        for (start, end), left, right in zip(spans, rising, rising[1:]):
            place = np.arange(start, end) + 0.5
            weight = np.ones(end - start)
            if left is not None:
                weight *= left(place)
            if right is not None:
                weight *= 1 - right(place)
            result.append(weight.astype(np.float32))
        return result

    def _rise(self, before: Span, after: Span) -> Callable[[np.ndarray], np.ndarray]:
        """Step or ramp from one tile to the next, in the middle of what they share."""
        shared = before[1] - after[0]
        middle = (before[1] + after[0]) // 2
        half = min(shared, self.overlap) / 4 if self.seam == 'blend' else 0
        if half == 0:
            return lambda place: (place > middle).astype(np.float64)
        return lambda place: np.clip((place - middle + half) / (2 * half), 0, 1)

    def run(
        self, image: np.ndarray, predict: Callable[[list[np.ndarray]], list[ScoreMap]], batch_size: int = 1
    ) -> ScoreMap:
        """Predict an image tile by tile.

        Where tiles fade into each other, probabilities and logits do, each in their own unit.

        Args:
            image: (H, W).
            predict: From tiles of one shape to their maps of the same shape.
            batch_size: Tiles given to ``predict`` at once, at most.

        Returns:
            The maps, (H, W) float32.
        """
        result = ScoreMap(np.zeros(image.shape, np.float32), np.zeros(image.shape, np.float32))
        for batch in _batches(self._tiles(*image.shape), batch_size):
            maps = predict([image[y[0] : y[1], x[0] : x[1]] for (y, _), (x, _) in batch])
            for ((y, wy), (x, wx)), tile in zip(batch, maps):
                rows, columns = np.flatnonzero(wy), np.flatnonzero(wx)
                inner = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
                weight = wy[inner[0], None] * wx[inner[1]]
                for whole, part in zip(result, tile):
                    whole[y[0] : y[1], x[0] : x[1]][inner] += part[inner] * weight
        return result

    def _tiles(self, height: int, width: int) -> Iterator[tuple[tuple[Span, np.ndarray], tuple[Span, np.ndarray]]]:
        columns = self.spans(width)
        column_weights = self.weights(columns)
        rows = self.spans(height)
        for row in zip(rows, self.weights(rows)):
            for column in zip(columns, column_weights):
                yield row, column


def _batches(tiles: Iterator, size: int) -> Iterator[list]:
    """Up to ``size`` consecutive tiles of one shape."""
    for _, group in groupby(tiles, key=lambda tile: (tile[0][0][1] - tile[0][0][0], tile[1][0][1] - tile[1][0][0])):
        batch = []
        for tile in group:
            batch.append(tile)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch
