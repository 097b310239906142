"""Images through a network that gives probability maps: batches, tiles, targets; torch is not imported."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmirstd.utils.errors import DataError

from .frame_inference import FrameInference, OnError
from .frame_result import FrameResult
from .frame_stream import RawFormat
from .inputs import Source
from .target_measurement import measure_targets
from .tiling import AUTO_TILE_PIXELS, Tiling


@dataclass
class PreparedImage:
    """One image on its way to the network.

    Attributes:
        source: Where it is from.
        frame: Number of the frame.
        gray: (H, W) as read, NaN and infinity replaced if the config says so.
        image: (H, W) float32, normalized as in training.
    """

    source: Source
    frame: int
    gray: np.ndarray
    image: np.ndarray


class ImageInference(FrameInference):
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

    def preprocess(
        self,
        inputs: Any,
        batch_size: int = 1,
        recursive: bool = False,
        on_error: OnError | None = None,
        raw_format: RawFormat | None = None,
        max_frames: int | None = None,
    ) -> Iterator[list[PreparedImage]]:
        """Batches of images of one size; see the base class."""
        batch: list[PreparedImage] = []
        for prepared in self._prepared(self._sources(inputs, recursive), on_error, raw_format, max_frames):
            alone = self.tiled(prepared.image.shape)
            if batch and (alone or batch[0].image.shape != prepared.image.shape):
                yield batch
                batch = []
            batch.append(prepared)
            if alone or len(batch) == batch_size:
                self._tile_batch = batch_size
                yield batch
                batch = []
        if batch:
            yield batch

    _tile_batch = 1

    def prepare(self, raw: np.ndarray, source: Source, frame: int = 0) -> PreparedImage:
        """Normalize gray values (H, W) as in training.

        Raises:
            DataError: They do not fit the normalization, or are not finite.
        """
        label = source.label if source.still else f'{source.label}, frame {frame}'
        if raw.dtype.kind == 'f':
            raw = self.loader.repair_nonfinite(raw, label)
        image = self.loader.normalized(raw, label)
        return PreparedImage(source, frame, raw, image)

    def tiled(self, shape: tuple[int, int]) -> bool:
        """Whether an image of this shape is tiled."""
        if self.tile == 'off' or max(shape) <= self.tiling.window:
            return False
        if self.tile == 'on':
            return True
        return shape[0] * shape[1] > AUTO_TILE_PIXELS and not self.whole_image

    def forward(self, inputs: list[PreparedImage], on_error: OnError | None = None) -> list[FrameResult]:
        """Results of a batch; if it fails as a whole, its images are tried one by one."""
        try:
            return self._forward(inputs)
        except Exception as error:
            if on_error is None:
                raise
            if len(inputs) > 1:
                return [result for item in inputs for result in self.forward([item], on_error)]
            on_error(inputs[0].source, explain_failure(error, inputs[0]))
            return []

    def _forward(self, batch: list[PreparedImage]) -> list[FrameResult]:
        if self.tiled(batch[0].image.shape):
            maps = [self.tiling.run(item.image, self.predict_maps, self._tile_batch) for item in batch]
        else:
            maps = self.predict_maps([item.image for item in batch])
        return [self._measure(item, probability) for item, probability in zip(batch, maps)]

    def _measure(self, item: PreparedImage, probability: np.ndarray) -> FrameResult:
        if not np.isfinite(probability).all():
            raise DataError(
                f"{item.source.label}: the network gave NaN; its weights or the image's values are not "
                'what they should be'
            )
        targets, mask = measure_targets(probability, self.threshold, self.min_area, item.gray, item.frame)
        return FrameResult(item.source, item.frame, item.gray, targets, self.threshold, probability, mask)

    @abstractmethod
    def predict_maps(self, images: list[np.ndarray]) -> list[np.ndarray]:
        """Probability maps of normalized images of one shape.

        Args:
            images: (H, W) float32 each, as :meth:`prepare` gives them.

        Returns:
            (H, W) float32 in [0, 1] each.
        """


def explain_failure(error: Exception, item: PreparedImage) -> Exception:
    """An error about memory with what to do about it; any other as it is."""
    text = str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == 'OutOfMemoryError' or 'not enough memory' in text:
        height, width = item.image.shape
        return DataError(
            f'{item.source.label}: not enough memory for {width}x{height} pixels in one piece; tile it '
            "with a smaller window (--tile on --window 512, or tile='on', tiling=Tiling(window=512))"
        )
    return error
