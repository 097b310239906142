"""Single images and frames, each for itself, in batches of one size; torch is not imported."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmirstd.utils.errors import DataError, UserError

from .batch_sizing import BatchSizing
from .frame_inference import NAN, FrameInference, OnError
from .frame_result import FrameResult
from .frame_stream import RawFormat
from .inputs import Source


@dataclass
class PreparedImage:
    """One image on its way to the network.

    Attributes:
        source: Where it is from.
        frame: Number of the frame.
        gray: (H, W) as read, NaN and infinity replaced if the config says so.
        image: (H, W) float32, normalized as in training; or (H, W, 3) uint8 for a detector that knows color images.
    """

    source: Source
    frame: int
    gray: np.ndarray
    image: np.ndarray

    def nan_error(self) -> DataError:
        """What to raise where the network's outputs for it are not finite."""
        return DataError(f'{self.source.label}: {NAN}')


class SingleImageInference(FrameInference):
    """Takes images one by one; a subclass has :meth:`run_batch`."""

    def goes_alone(self, shape: tuple[int, int]) -> bool:
        """Whether an image of this shape is no part of a batch."""
        return False

    def preprocess(
        self,
        inputs: Any,
        batch_size: int | BatchSizing = 1,
        recursive: bool = False,
        on_error: OnError | None = None,
        raw_format: RawFormat | None = None,
        max_frames: int | None = None,
    ) -> Iterator[list[PreparedImage]]:
        """Batches of images of one size; see the base class."""
        sizing = batch_size if isinstance(batch_size, BatchSizing) else BatchSizing(batch_size)
        batch: list[PreparedImage] = []
        for prepared in self._prepared(self._sources(inputs, recursive), on_error, raw_format, max_frames):
            alone = self.goes_alone(prepared.gray.shape)
            if batch and (alone or batch[0].gray.shape != prepared.gray.shape):
                yield batch
                batch = []
            batch.append(prepared)
            if alone or len(batch) >= sizing.of(prepared.gray.size):
                yield batch
                batch = []
        if batch:
            yield batch

    def _prepared(
        self, sources: Iterator[Source], on_error: OnError | None, raw_format: RawFormat | None, max_frames: int | None
    ) -> Iterator[PreparedImage]:
        """Every image or frame through :meth:`prepare`; a source that fails is left at its defect."""
        for source in sources:
            frames = (
                self._still(source, on_error)
                if source.still
                else self._stream(source, on_error, raw_format, max_frames)
            )
            for number, raw in enumerate(frames):
                try:
                    prepared = self.prepare(raw, source, number)
                except (DataError, MemoryError) as error:
                    self._fail(source, error, on_error)
                    break
                yield prepared

    def prepare(self, raw: np.ndarray, source: Source, frame: int = 0) -> PreparedImage:
        """Normalize gray values (H, W) as in training.

        Raises:
            DataError: They do not fit the normalization, or are not finite.
        """
        label = source.label if source.still else f'{source.label}, frame {frame}'
        if raw.dtype.kind == 'f':
            raw = self.loader.repair_nonfinite(raw, label)
        return PreparedImage(source, frame, raw, self.loader.normalized(raw, label))

    def forward(self, inputs: list[PreparedImage], on_error: OnError | None = None) -> list[FrameResult]:
        """Results of a batch; if it fails as a whole, its images are tried one by one.

        Raises:
            UserError: The network or an option cannot be used, so that every image would fail.
        """
        try:
            return self.run_batch(inputs)
        except Exception as error:
            if on_error is None or (isinstance(error, UserError) and not isinstance(error, DataError)):
                raise
            if len(inputs) > 1:
                return [result for item in inputs for result in self.forward([item], on_error)]
            on_error(inputs[0].source, self.explain_failure(error, inputs[0]))
            return []

    def measure_batch(self, item: PreparedImage, sizing: BatchSizing) -> int:
        """See the base class."""
        return sizing.measure(lambda images: self.run_batch([item] * images), item.gray.size)

    def explain_failure(self, error: Exception, item: PreparedImage) -> Exception:
        """The error of one image as it is told; here, as it is."""
        return error

    @abstractmethod
    def run_batch(self, batch: list[PreparedImage]) -> list[FrameResult]:
        """Results of images of one size."""
