"""Images through a network that gives maps: batches, tiles, targets; torch is not imported."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from mmirstd.utils.errors import DataError

from .batch_sizing import BatchSizing
from .frame_result import FrameResult, measured
from .score_map import ScoreMap
from .single_image_inference import PreparedImage, SingleImageInference
from .tiling import AUTO_TILE_PIXELS, Tiling


class ImageInference(SingleImageInference):
    """Single images and frames, each for itself; a subclass has :meth:`predict_maps`.

    Attributes:
        tile: ``'auto'``, ``'on'`` or ``'off'``.
        tiling: Window, overlap and seams.
        whole_image: The network needs the whole image (a classical method's threshold is taken from it), so that
            ``tile='auto'`` cuts none.
    """

    tile = 'auto'
    tiling = Tiling()
    whole_image = False

    def set_tiling(self, tile: str, tiling: Tiling | None) -> None:
        """Set how large images are tiled.

        Raises:
            ValueError: ``tile`` is none of the three.
        """
        if tile not in ('auto', 'on', 'off'):
            raise ValueError(f"tile is {tile!r}; expected 'auto', 'on' or 'off'")
        self.tile = tile
        self.tiling = tiling or Tiling()

    def _tiling_record(self) -> dict[str, Any] | None:
        if self.tile == 'off':
            return None
        return dict(tile=self.tile, window=self.tiling.window, overlap=self.tiling.overlap, seam=self.tiling.seam)

    _sizing = BatchSizing(1)

    def preprocess(
        self, inputs: Any, batch_size: int | BatchSizing = 1, *args: Any, **kwargs: Any
    ) -> Iterator[list[PreparedImage]]:
        """Batches of images of one size, tiled ones alone; ``batch_size`` counts their tiles, too."""
        self._sizing = batch_size if isinstance(batch_size, BatchSizing) else BatchSizing(batch_size)
        return super().preprocess(inputs, self._sizing, *args, **kwargs)

    def measure_batch(self, item: PreparedImage, sizing: BatchSizing) -> int:
        """See the base class; of a large image it is measured on one tile."""
        image = item.image
        if self.tiled(image.shape):
            image = image[: self.tiling.window, : self.tiling.window]
        return sizing.measure(lambda images: self.predict_maps([image] * images), image.size)

    def goes_alone(self, shape: tuple[int, int]) -> bool:
        """A tiled image is a batch of tiles."""
        return self.tiled(shape)

    def tiled(self, shape: tuple[int, int]) -> bool:
        """Whether an image of this shape is tiled."""
        if self.tile == 'off' or max(shape) <= self.tiling.window:
            return False
        if self.tile == 'on':
            return True
        return shape[0] * shape[1] > AUTO_TILE_PIXELS and not self.whole_image

    def run_batch(self, batch: list[PreparedImage]) -> list[FrameResult]:
        """See the base class."""
        if self.tiled(batch[0].image.shape):
            tiles = self._sizing.of(self.tiling.window**2)
            maps = [self.tiling.run(item.image, self.predict_maps, tiles) for item in batch]
        else:
            maps = self.predict_maps([item.image for item in batch])
        return [self._measure(item, scores) for item, scores in zip(batch, maps)]

    def _measure(self, item: PreparedImage, scores: ScoreMap) -> FrameResult:
        if not np.isfinite(scores.probability).all():
            raise item.nan_error()
        return measured(
            item.source, item.frame, item.gray, scores, self.operating_point or self.threshold, self.min_area
        )

    def explain_failure(self, error: Exception, item: PreparedImage) -> Exception:
        """An error about memory with what to do about it; any other as it is."""
        text = str(error)
        if isinstance(error, MemoryError) or type(error).__name__ == 'OutOfMemoryError' or 'not enough memory' in text:
            height, width = item.gray.shape
            return DataError(
                f'{item.source.label}: not enough memory for {width}x{height} pixels in one piece; tile it '
                "with a smaller window (--tile on --window 512, or tile='on', tiling=Tiling(window=512))"
            )
        return error

    @abstractmethod
    def predict_maps(self, images: list[np.ndarray]) -> list[ScoreMap]:
        """Maps of normalized images of one shape.

        Args:
            images: (H, W) float32 each, as :meth:`prepare` gives them.

        Returns:
            Probability and logit of each pixel, (H, W) float32.
        """
