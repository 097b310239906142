"""Frames of videos, frame folders, image stacks, cameras, URLs and pipes, one by one, with their defects told."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import cv2
import numpy as np

from mmirstd.datasets.image_container import check_container
from mmirstd.datasets.image_io import page_count, read_pages, to_one_channel
from mmirstd.utils.errors import DataError

from .inputs import Source, frame_files, read_still

_RAW_TYPES: dict[str, np.dtype] = {'uint8': np.dtype(np.uint8), 'uint16': np.dtype('<u2'), 'float32': np.dtype('<f4')}


@dataclass(frozen=True)
class RawFormat:
    """How frames lie in a raw stream: rows from the top, little-endian, nothing in between.

    Args:
        width: Pixels.
        height: Pixels.
        dtype: ``'uint8'``, ``'uint16'`` or ``'float32'``.
    """

    width: int
    height: int
    dtype: str = 'uint8'

    @classmethod
    def parse(cls, text: str) -> RawFormat:
        """From ``WIDTHxHEIGHT[:DTYPE]``.

        Raises:
            ValueError: The text is something else.
        """
        size, _, dtype = text.partition(':')
        width, _, height = size.partition('x')
        dtype = dtype or 'uint8'
        sizes = all(re.fullmatch('[0-9]{1,5}', part) and int(part) for part in (width, height))
        if not sizes or dtype not in _RAW_TYPES:
            raise ValueError(
                f'{text[:80]!r} is no raw frame format; expected WIDTHxHEIGHT[:{"|".join(_RAW_TYPES)}], e.g. '
                '640x512:uint16, with 1 to 99999 pixels in each direction'
            )
        return cls(int(width), int(height), dtype)

    def read(self, stream: BinaryIO) -> np.ndarray | None:
        """The next frame (height, width), None at the end.

        Raises:
            DataError: The stream ends inside a frame.
        """
        kind = _RAW_TYPES[self.dtype]
        need = self.width * self.height * kind.itemsize
        data = b''.join(_pieces(stream, need))
        if not data:
            return None
        if len(data) < need:
            raise DataError(
                f'the raw stream ends inside a frame ({len(data)} of {need} bytes for {self.width}x'
                f'{self.height} {self.dtype})'
            )
        return np.frombuffer(data, kind).reshape(self.height, self.width).astype(self.dtype)


def _pieces(stream: BinaryIO, need: int) -> Iterator[bytes]:
    while need:
        piece = stream.read(min(need, 2**24))  # a stream may set so much memory aside before it has anything
        if not piece:
            return
        need -= len(piece)
        yield piece


class FrameStream:
    """Iterate over the frames (H, W) of a source.

    A defect in the middle (a frame of another size, a file that is cut off, a camera that stops) ends the iteration and
    is told by ``problem``; the frames before it are good and are given.  The last frame of a cut-off video may be half
    decoded and is left out.

    OpenCV decodes video to 8 bits; 16-bit sequences are frame folders, TIFFs of several pages or raw streams.

    Args:
        source: What is no single image.
        raw_format: Of standard input.
        max_frames: Stop after so many; None: at the end.
        stdin: Where raw frames are read from; None: standard input.

    Attributes:
        fps: Frames per second that the source claims, None if it does not.
        total: Number of frames that the source claims, None if it does not.
        problem: Why the frames ended early; None when they did not.
        restarted: Whether the last frame is the first of another sequence; never, see :class:`.live_stream.LiveStream`.

    Raises:
        DataError: It cannot be opened.
    """

    restarted = False

    def __init__(
        self,
        source: Source,
        raw_format: RawFormat | None = None,
        max_frames: int | None = None,
        stdin: BinaryIO | None = None,
    ) -> None:
        if source.problem is not None:
            raise DataError(source.problem)
        self.source = source
        self.raw_format = raw_format
        self.max_frames = max_frames
        self.fps: float | None = None
        self.total: int | None = None
        self.problem: str | None = None
        self._stdin = stdin
        self._capture: cv2.VideoCapture | None = None
        self._packets = False
        if source.kind == 'frames':
            self._files = frame_files(source.location)
            self.total = len(self._files)
        elif source.kind == 'pages':
            self.total = page_count(source.location)
        elif source.kind == 'stdin':
            if raw_format is None:
                raise DataError(
                    'standard input: the size of the raw frames is not known; give it with '
                    '--raw-frames WIDTHxHEIGHT[:uint8|uint16|float32] (raw_format)'
                )
        else:
            self._open_video()

    def _open_video(self) -> None:
        location = self.source.location
        if self.source.kind == 'video':
            try:
                with open(location, 'rb') as file:
                    if not file.read(1):
                        raise DataError(f'{location}: the file is empty (0 bytes); copy or download it again')
            except OSError as error:
                raise DataError(f'{location}: cannot be opened: {error.strerror}') from None
        capture = cv2.VideoCapture(location)
        if not capture.isOpened():
            raise DataError(
                f'{self.source.label}: OpenCV cannot open this as a video; it is truncated, no video or in '
                'an unsupported format, or the camera or address does not answer'
            )
        fps, count = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.fps = fps if 0 < fps < 1000 else None  # raw MJPEG and some cameras give nonsense
        self.total = int(count) if self.source.kind == 'video' and 0 < count < 1e9 else None
        codec = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, 'little', signed=True).upper()
        # OpenCV pastes a Motion-JPEG frame of another size into the old one and fills up half of a JPEG; given the
        # frames as they lie in the file, we see both.
        self._packets = self.source.kind == 'video' and codec == b'MJPG' and capture.set(cv2.CAP_PROP_FORMAT, -1)
        self._capture = capture

    def __enter__(self) -> FrameStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file or camera."""
        if self._capture is not None:
            self._capture.release()

    def __iter__(self) -> Iterator[np.ndarray]:
        shape: tuple[int, ...] | None = None
        kind: np.dtype | None = None
        held: np.ndarray | None = None
        number = 0
        frames = self._decode()
        while self.max_frames is None or number < self.max_frames:
            try:
                frame = next(frames, None)
            except DataError as error:
                self.problem = f'frame {number}: {error}'
                break
            if frame is None:
                break
            if shape is None:
                shape, kind = frame.shape, frame.dtype
            if frame.shape != shape or frame.dtype != kind:
                self.problem = (
                    f'frame {number} has {frame.shape[1]}x{frame.shape[0]} pixels of {frame.dtype}, those '
                    f'before it {shape[1]}x{shape[0]} of {kind}; expected one size and type: split the '
                    'sequence there'
                )
                break
            number += 1
            if self.source.kind != 'video':
                yield frame
                continue
            if held is not None:
                yield held
            held = frame
        else:
            if held is not None:
                yield held
            return
        if self.problem is None and self.source.kind == 'video':
            self._check_count(number)
        # A damaged inter-frame codec conceals what is missing of its last frame.
        concealed = self.problem is not None and not self._packets
        if held is not None and not (concealed and number < (self.total or 0)):
            yield held
        if not number and self.problem is None:
            self.problem = (
                'it gave no frame'
                if self.source.kind in ('live', 'stdin')
                else 'no frame could be decoded; the file is corrupt or empty'
            )

    def _check_count(self, number: int) -> None:
        """Containers that store no count estimate it, so a little less is no defect."""
        if self.total is not None and number < self.total - max(2, self.total // 100):
            self.problem = (
                f'the video ends after {number} of {self.total} frames: it is cut off; copy or record it again'
            )

    def _decode(self) -> Iterator[np.ndarray]:
        if self.source.kind == 'frames':
            for path in self._files:
                yield read_still(path)
        elif self.source.kind == 'pages':
            yield from read_pages(self.source.location)
        elif self.source.kind == 'stdin':
            stream = sys.stdin.buffer if self._stdin is None else self._stdin
            assert self.raw_format is not None  # checked when the stream was opened
            while (frame := self.raw_format.read(stream)) is not None:
                yield frame
        else:
            assert self._capture is not None
            while self._capture.grab():
                found, frame = self._capture.retrieve()
                if not found or frame is None:
                    if self.source.kind == 'live':
                        raise DataError('it cannot be decoded')
                    return
                yield to_one_channel(self._decode_packet(frame) if self._packets else frame)
            if isinstance(self.source.location, int):  # a camera has no end; an address or a pipe may
                raise DataError(
                    'the camera gives no more frames; look at its cable and who else uses it, or let it be opened '
                    'again (--reconnect)'
                )

    def _decode_packet(self, packet: np.ndarray) -> np.ndarray:
        data = packet.tobytes()
        check_container(data, self.source.label)
        image = cv2.imdecode(packet.reshape(-1), cv2.IMREAD_UNCHANGED)
        if image is None:
            raise DataError(f'{self.source.label}: a JPEG that cannot be decoded')
        return image
