"""Frames of sequences one by one, each with those before it; torch is not imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmirstd.utils.errors import DataError

from .batch_sizing import BatchSizing
from .frame_inference import FrameInference, OnError
from .frame_stream import RawFormat
from .inputs import Source


@dataclass
class PreparedFrame:
    """One frame on its way to the model.

    Attributes:
        source: Where it is from.
        frame: Its number.
        gray: (H, W) as read, NaN and infinity replaced if the config says so.
        first: Another sequence begins with it.
    """

    source: Source
    frame: int
    gray: np.ndarray
    first: bool


class SequenceInference(FrameInference):
    """Gives frames in order; a subclass has :meth:`forward`.  A folder of images is one sequence."""

    sequences = True

    def preprocess(
        self,
        inputs: Any,
        batch_size: int | BatchSizing = 1,
        recursive: bool = False,
        on_error: OnError | None = None,
        raw_format: RawFormat | None = None,
        max_frames: int | None = None,
    ) -> Iterator[list[PreparedFrame]]:
        """Frames one by one, whatever ``batch_size``: each needs the ones before it; see the base class."""
        for source in self._sources(inputs, recursive):
            frames = (
                self._still(source, on_error)
                if source.still
                else self._stream(source, on_error, raw_format, max_frames)
            )
            for number, raw in enumerate(frames):
                try:
                    if raw.dtype.kind == 'f':
                        raw = self.loader.repair_nonfinite(raw, f'{source.label}, frame {number}')
                except DataError as error:
                    self._fail(source, error, on_error)
                    break
                again = not source.still and self.stream is not None and self.stream.restarted
                yield [PreparedFrame(source, number, raw, number == 0 or again)]
