"""What every inferencer does with inputs, errors and bit depths; neither torch nor OpenMMLab is imported."""

from __future__ import annotations

import sys
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from mmirstd.datasets.bit_depth import BitDepthWatch
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import DataError
from mmirstd.utils.read_ahead import read_ahead

from .batch_sizing import BatchSizing
from .frame_result import FrameResult
from .frame_stream import FrameStream, RawFormat
from .inputs import Source, describe_skipped, expand_inputs, is_live
from .live_stream import LiveStream, Reconnect

#: What is said where the outputs are NaN, which behind a threshold would look like an image without a target.
NAN = "the network gave NaN; its weights or the image's values are not what they should be"

#: 16-bit images after which is said that they seem to hold fewer bits.
BIT_DEPTH_IMAGES = 8

#: Images that are read while the network works take about so many bytes at most.
AHEAD_BYTES = 2**26
_Step = tuple[list[tuple[Source, Exception]], list[Any]]

#: Called with a source that cannot be read or processed (to its end), and why.
OnError = Callable[[Source, Exception], None]


class FrameInference:
    """Reads what the user names, and gives results one by one.

    A subclass has :meth:`preprocess` and :meth:`forward`, and sets :attr:`loader`.

    Attributes:
        loader: Turns gray values as read into what the network saw in training.
        threshold: Probability above which a pixel is target, or score from which on a box is.
        operating_point: A threshold of the logits, which then decides in place of ``threshold``.
        min_area: Least area of a target in pixels.
    """

    loader: Any
    threshold: float
    operating_point: OperatingPoint | None = None
    min_area: int

    #: The sequence that is being read, or was read last: its ``fps`` and ``total``.
    stream: FrameStream | LiveStream | None = None
    #: How cameras, addresses and pipes that end are opened again; None: they have ended.
    reconnect: Reconnect | None = None
    #: The sequence that is being read, and its frames before which a live source was gone.
    _restarts: tuple[Source | None, list[int]] = (None, [])

    #: Whether a folder of images is one sequence.
    sequences = False
    #: Whether the results are boxes, without maps.
    boxes = False

    def check_options(self) -> None:
        """Raise a ``ValueError`` where ``threshold`` or ``min_area`` are out of their range."""
        if not 0 <= self.threshold < 1 or self.min_area < 1:
            raise ValueError(
                f'threshold {self.threshold}, min_area {self.min_area}; expected 0 <= threshold < 1 and min_area >= 1'
            )

    def check_operating_point(self) -> None:
        """Raise a ``ValueError`` where the operating point does not go with boxes."""
        if self.boxes and self.operating_point is not None and self.operating_point.cfar is not None:
            raise ValueError('CFAR compares pixels of a map with their surroundings; a detector of boxes has no map')

    @property
    def tta(self) -> str | None:
        """Test-time augmentation; None: the network sees each image once."""
        return None

    def warn_of_other_images(self) -> None:
        """Warn where the threshold was chosen on images that the network saw in another way than those to come."""
        point = self.operating_point
        text = None if point is None else point.other_conditions(self.loader.in_effect, self.tta)
        if text is not None:
            self._warn(text)

    def threshold_record(self) -> dict[str, Any]:
        """How the threshold of the logits was chosen, for :meth:`provenance`; empty where there is none."""
        point = self.operating_point
        return {} if point is None else dict(operating_point=point.as_dict())

    #: In which the maps are computed.
    precision = 'fp32'

    def precision_record(self, calibration: Mapping[str, Any] | None) -> dict[str, Any]:
        """In which arithmetic the maps are computed, for :meth:`provenance`; empty for float32.

        Args:
            calibration: Number and checksum of the images by which ``'int8'`` was scaled.
        """
        if self.precision == 'fp32':
            return {}
        return (
            dict(precision=self.precision)
            if calibration is None
            else dict(precision=self.precision, calibration=dict(calibration))
        )

    @abstractmethod
    def provenance(self) -> dict[str, Any]:
        """What the head of a JSON result says of how it was made (docs/inference.md)."""

    @abstractmethod
    def model_digest(self) -> str | None:
        """Checksum of the network's config; None where there is none."""

    @abstractmethod
    def preprocess(
        self,
        inputs: Any,
        batch_size: int | BatchSizing = 1,
        recursive: bool = False,
        on_error: OnError | None = None,
        raw_format: RawFormat | None = None,
        max_frames: int | None = None,
    ) -> Iterator[Any]:
        """Yield what :meth:`forward` takes.

        Args:
            inputs: List with what the user gave, see :func:`~.inputs.expand_inputs`.
            batch_size: Images of one size, or tiles, that go through the network together.
            recursive: Descend into folders.
            on_error: Called for a source that fails; None: the error is raised.
            raw_format: Of frames on standard input.
            max_frames: Frames of each sequence at most.
        """

    @abstractmethod
    def forward(self, inputs: Any, on_error: OnError | None = None) -> list[FrameResult]:
        """Results of what :meth:`preprocess` gave."""

    def _warn(self, text: str) -> None:
        """Say something once."""
        print(f'warning: {text}', file=sys.stderr)

    def infer(
        self, inputs: Any, batch_size: int | str = 1, on_error: OnError | None = None, **options: Any
    ) -> Generator[FrameResult, None, None]:
        """Results one by one, in order, in bounded memory; see :meth:`preprocess` for the arguments.

        The next files are read in a thread while the network works, unless an input is live. ``batch_size='auto'``
        takes as many images as raise the rate on the first one.

        The first raw file that is stretched is told. Where 16-bit images are divided by 65535 and seem to hold codes of
        fewer bits, that is a warning in the log: after the first ``BIT_DEPTH_IMAGES`` of them, or at the end.
        """
        sizing = BatchSizing(batch_size)
        watch = BitDepthWatch()
        steps = self._steps(inputs, sizing, on_error is not None, options)
        try:
            if not sizing.measured:
                for problems, batch in steps:
                    yield from self._results(problems, batch, watch, on_error)
                    if batch:
                        self._say(f'batch size: {self.measure_batch(batch[0], sizing)}')
                        break
            if not is_live(inputs):
                steps = read_ahead(steps, _bytes, AHEAD_BYTES)
            for problems, batch in steps:
                yield from self._results(problems, batch, watch, on_error)
        finally:
            steps.close()
            self._warn_of_bit_depth(watch)

    def _steps(
        self, inputs: Any, sizing: BatchSizing, tolerant: bool, options: dict[str, Any]
    ) -> Generator[_Step, None, None]:
        """Each batch with the sources that failed before it."""
        problems: list[tuple[Source, Exception]] = []
        note: OnError | None = (lambda source, error: problems.append((source, error))) if tolerant else None
        batches = self.preprocess([inputs], sizing, on_error=note, **options)
        for batch in batches:
            failed, problems[:] = list(problems), []
            yield failed, batch
        yield problems, []

    def _results(
        self,
        problems: list[tuple[Source, Exception]],
        batch: list[Any],
        watch: BitDepthWatch,
        on_error: OnError | None,
    ) -> Iterator[FrameResult]:
        for source, error in problems:
            self._fail(source, error, on_error)
        for item in batch:
            watch.observe(item.gray)
            self._tell_stretched(item.source, item.gray)
        if watch.images >= BIT_DEPTH_IMAGES:
            self._warn_of_bit_depth(watch)
        if batch:
            for result in self.forward(batch, on_error=on_error):
                sequence, restarts = self._restarts
                if result.source is sequence:
                    result.part = bisect_right(restarts, result.frame)
                yield result

    def measure_batch(self, item: Any, sizing: BatchSizing) -> int:
        """Choose the size of a batch by the first image; frames that need the ones before them go one by one."""
        return 1

    def _say(self, text: str) -> None:
        """Tell something that is no problem."""
        print(text, file=sys.stderr)

    #: How the user says of how many bits the codes are, with ``{0}`` for the number; a front end has its own words.
    bit_depth_cure = "load_options=dict(bit_depth={0}), or stretch them with normalize='robust'"
    _said_bit_depth = False
    #: How the user asks for division by a fixed number: for 16-bit codes, and for other values.
    fixed_options = 'load_options=dict(bit_depth=N)', 'load_options=dict(max_value=V)'
    _said_stretched = False

    def _tell_stretched(self, source: Source, gray: np.ndarray) -> None:
        if self._said_stretched or not self.loader.stretched_by_itself(gray):
            return
        self._said_stretched = True
        codes = gray.dtype == np.uint16
        self._say(
            f'{source.label}: {"16-bit codes" if codes else "floats or signed integers"} from {gray.min():g} to '
            f'{gray.max():g}. The gain of the camera is not known, so each such image is stretched by its own range '
            f'("robust"). {self.fixed_options[not codes]} divides by a fixed number instead.'
        )

    def _warn_of_bit_depth(self, watch: BitDepthWatch) -> None:
        text = self.bit_depth_notice(watch)
        if text and not self._said_bit_depth:
            self._said_bit_depth = True
            self._warn(text)

    def bit_depth_notice(self, watch: BitDepthWatch) -> str | None:
        """What to tell someone whose 16-bit images seem to hold codes of fewer bits; None: nothing."""
        if not getattr(self.loader, 'divides_by_code', False):
            return None
        return watch.warning(self.bit_depth_cure)

    # Sources

    def _sources(self, inputs: Iterable[Any], recursive: bool) -> Iterator[Source]:
        skipped: list[str] = []
        for item in inputs:
            yield from expand_inputs(item, recursive, self.sequences, on_skip=skipped.append)
        if skipped:
            self._warn(describe_skipped(skipped))

    @staticmethod
    def _fail(source: Source, error: Exception, on_error: OnError | None) -> None:
        if on_error is None:
            raise error
        on_error(source, error)

    def _still(self, source: Source, on_error: OnError | None) -> Iterator[np.ndarray]:
        try:
            raw = source.read()
        except (DataError, OSError, MemoryError) as error:
            self._fail(source, error, on_error)
            return
        yield raw

    def _stream(
        self, source: Source, on_error: OnError | None, raw_format: RawFormat | None, max_frames: int | None
    ) -> Iterator[np.ndarray]:
        """Frames of a sequence; a defect in it is handed on after the last good frame."""
        stream: FrameStream | LiveStream
        try:
            if source.kind == 'live' and self.reconnect is not None:
                stream = LiveStream(lambda: FrameStream(source, raw_format), self.reconnect, max_frames)
            else:
                stream = FrameStream(source, raw_format, max_frames)
        except DataError as error:
            self._fail(source, error, on_error)
            return
        self.stream = stream
        restarts: list[int] = []
        self._restarts = source, restarts
        with stream:
            for number, frame in enumerate(stream):
                if number and stream.restarted:
                    restarts.append(number)
                yield frame
        if stream.problem is not None:
            self._fail(source, DataError(f'{source.label}: {stream.problem}'), on_error)


def _bytes(step: _Step) -> int:
    """What a step's images take as they are read, and as float32 beside it; no more than 8 steps wait."""
    return max(sum(item.gray.nbytes + 4 * item.gray.size for item in step[1]), AHEAD_BYTES // 8)
