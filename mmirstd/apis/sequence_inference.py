"""Frames of sequences one by one, each with those before it; torch is not imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmirstd.utils.errors import DataError, UserError

from .batch_sizing import BatchSizing
from .frame_inference import FrameInference, OnError
from .frame_places import frame_places
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
        place: Where it lies in time, in frames: more than ``frame`` behind a gap in the numbers of a folder's frames.
    """

    source: Source
    frame: int
    gray: np.ndarray
    first: bool
    place: int


def gaps_in_inference(test_data: Mapping[str, Any]) -> str:
    """What stands for missing past frames, as a test data set's config says; its ``'error'`` is for annotated data."""
    return 'position' if test_data.get('gaps') == 'position' else 'hold'


class SequenceInference(FrameInference):
    """Gives frames in order; a subclass has :meth:`forward`.  A folder of images is one sequence.

    Attributes:
        gaps: What stands for a past frame whose number is missing in a folder, ``'hold'`` or ``'position'``.
        clip_frames: Frames T of a clip.
    """

    sequences = True
    gaps = 'hold'
    clip_frames = 1
    _said_still = False
    #: The sequence whose past is kept.
    _running: Source | None = None

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
            self._tell_still(source)
            frames = (
                self._still(source, on_error)
                if source.still
                else self._stream(source, on_error, raw_format, max_frames)
            )
            places = self._places(source, max_frames)
            for number, raw in enumerate(frames):
                try:
                    if raw.dtype.kind == 'f':
                        raw = self.loader.repair_nonfinite(raw, f'{source.label}, frame {number}')
                except DataError as error:
                    self._fail(source, error, on_error)
                    break
                again = not source.still and self.stream is not None and self.stream.restarted
                place = places[number] if number < len(places) else number
                yield [PreparedFrame(source, number, raw, number == 0 or again, place)]

    def _tell_still(self, source: Source) -> None:
        """Say once that single images, such as a folder's files named one by one, are no sequence."""
        if source.still and self.clip_frames > 1 and not self._said_still:
            self._said_still = True
            self._warn(
                f'{source.label}: a single image is a sequence of its own, in which nothing moves, and this model '
                'looks at several frames. For the frames of one sequence name their folder, a video or a file of pages'
            )

    def _places(self, source: Source, max_frames: int | None) -> list[int]:
        """Those of a folder's frames where gaps in their numbers count, which is said; else none."""
        if self.gaps == 'position' or self.clip_frames == 1 or source.kind != 'frames':
            return []
        places = frame_places(source)[:max_frames]
        missing = sum(after - before > 1 for before, after in zip(places, places[1:]))
        if missing:
            self._warn(
                f'{source.label}: frames are missing at {missing} place(s), by the numbers in their names; in clips '
                'the frame before stands for them, as in the data sets'
            )
        return places

    def begins(self, item: PreparedFrame) -> bool:
        """Whether the past is to be forgotten before this frame.

        Raises:
            UserError: Frames of another sequence came since the frame before, whose past is lost.
        """
        if item.first:
            self._running = item.source
        elif item.source is not self._running:
            other = 'another input' if self._running is None else self._running.label
            raise UserError(
                f'{item.source.label}, frame {item.frame}',
                found=f'frames of {other} since the frame before it',
                expected='one sequence after the other, since a model of clips keeps the frames before',
                cure='an inferencer of its own for each stream that runs at the same time',
            )
        return item.first
