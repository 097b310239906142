"""The frames of the clip that ends with the newest frame of a stream."""

from __future__ import annotations

import itertools

import numpy as np

from mmirstd.datasets.motion_cache import PassingFrame
from mmirstd.utils.clip_window import window_positions

#: Tokens stand for one frame in the whole process, so that caches may go by them.
_TOKENS = itertools.count()


class FrameWindow:
    """Keeps the last frames of a stream, for as long as a clip may contain them.

    Args:
        num_frames: Frames T of a clip.
        stride: Their distance.
        gaps: What stands for a past frame whose number is missing, ``'hold'`` or ``'position'``
            (``mmirstd.utils.clip_window.GAPS``).
    """

    def __init__(self, num_frames: int, stride: int = 1, gaps: str = 'hold') -> None:
        self.num_frames = num_frames
        self.stride = stride
        self.gaps = gaps
        self._numbers: list[int] = []
        self._frames: list[tuple[np.ndarray, PassingFrame]] = []

    def reset(self) -> None:
        """Forget the frames, at the start of another sequence."""
        self._numbers.clear()
        self._frames.clear()

    def step(self, frame: np.ndarray, number: int | None = None) -> tuple[list[np.ndarray], list[PassingFrame]]:
        """The clip that ends with the next frame, which is kept as it is now.

        Args:
            frame: The frame.
            number: Its number, larger than those before; None: the last one plus 1, from 0.

        Returns:
            T frames, oldest first, before the start of the sequence the first one; and what identifies each of them.
        """
        self._numbers.append(self._numbers[-1] + 1 if number is None and self._numbers else number or 0)
        # The caller may write the next frame into the same memory.
        token = PassingFrame(f'{len(self._frames)} of a stream ({next(_TOKENS)})')
        self._frames.append((np.array(frame), token))
        key = len(self._frames) - 1
        positions, _ = window_positions(self._numbers, key, self.num_frames, self.stride, self.gaps)
        clip = [self._frames[position] for position in positions]
        # Clips move forward: what is older than this one's oldest frame is not seen again.
        del self._numbers[: positions[0]], self._frames[: positions[0]]
        return [image for image, _ in clip], [token for _, token in clip]
