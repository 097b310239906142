"""A camera, address or pipe that may go and come back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from mmirstd.utils.errors import DataError

from .frame_stream import FrameStream


@dataclass(frozen=True)
class Reconnect:
    """When a live source that ended is opened again, and when the frames after a pause are another sequence.

    Args:
        attempts: To open it, in a row, before it is given up.
        first_wait: Seconds before the first of them; each further wait is twice as long.
        longest_wait: Seconds that a wait is at most.
        gap: Seconds without a frame after which a detector of moving targets must forget what it saw.

    Raises:
        ValueError: A number is out of its range.
    """

    attempts: int = 10
    first_wait: float = 0.5
    longest_wait: float = 30.0
    gap: float = 1.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not 0 < self.first_wait <= self.longest_wait or self.gap <= 0:
            raise ValueError(f'{self}; expected attempts >= 1, 0 < first_wait <= longest_wait, gap > 0')

    def waits(self) -> Iterator[float]:
        """Seconds before each attempt."""
        for number in range(self.attempts):
            yield min(self.first_wait * 2**number, self.longest_wait)


class LiveStream:
    """The frames of a live source, opened again whenever it ends.

    It has what :class:`FrameStream` has.  A frame that cannot be used ends a :class:`FrameStream`, and is passed over
    here: the next ones follow.

    Args:
        open_stream: Opens the source.
        reconnect: How.
        max_frames: Stop after so many frames; None: never.
        sleep: Waits so many seconds.
        clock: Seconds now.

    Attributes:
        counts: ``frames``; ``reconnects``; ``failed attempts``; ``broken off`` (by a defect); ``size changes``;
            ``gaps`` in time.
        restarted: Whether the last frame begins another sequence: after a reconnect, a gap, or a change of size.
        problem: Why it was given up; None where ``max_frames`` ended it.

    Raises:
        DataError: It cannot be opened the first time.
    """

    def __init__(
        self,
        open_stream: Callable[[], FrameStream],
        reconnect: Reconnect,
        max_frames: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = open_stream
        self._reconnect = reconnect
        self._sleep = sleep
        self._clock = clock
        self.max_frames = max_frames
        self.counts: Counter[str] = Counter()
        self.restarted = False
        self.problem: str | None = None
        self._waits = reconnect.waits()  # of the attempts since the last frame
        self._stream = open_stream()
        self.fps, self.total = self._stream.fps, None

    def __enter__(self) -> LiveStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the source."""
        self._stream.close()

    def __iter__(self) -> Iterator[np.ndarray]:
        shape: tuple[int, ...] | None = None
        fresh = True
        while True:
            frames = iter(self._stream)
            while True:
                asked = self._clock()
                frame = next(frames, None)
                if frame is None:
                    break
                late = self._clock() - asked > self._reconnect.gap and not fresh
                other = shape is not None and frame.shape != shape
                self.counts['gaps'] += late
                self.counts['size changes'] += other
                self.counts['frames'] += 1
                self.restarted, shape, fresh = fresh or late or other, frame.shape, False
                self._waits = self._reconnect.waits()
                yield frame
                if self.counts['frames'] == self.max_frames:
                    return
            if self._stream.problem is not None:
                self.counts['broken off'] += 1
            self._stream.close()
            if not self._again():
                return
            fresh = True

    def _again(self) -> bool:
        """Open it again; False: it was given up."""
        last = self._stream.problem
        for wait in self._waits:
            self._sleep(wait)
            try:
                self._stream = self._open()
            except DataError as error:
                self.counts['failed attempts'] += 1
                last = str(error)
                continue
            self.counts['reconnects'] += 1
            return True
        self.problem = f'gone, and not back after {self._reconnect.attempts} attempts ({last or "it ended"})'
        return False

    def report(self) -> str:
        """What happened, for people; the numbers that are not 0."""
        return ', '.join(f'{name} {number}' for name, number in self.counts.items() if number)
