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
    """

    def __init__(self, num_frames: int, stride: int = 1) -> None:
        self.num_frames = num_frames
        self.stride = stride
        self._frames: list[tuple[np.ndarray, PassingFrame]] = []

    def reset(self) -> None:
        """Forget the frames, at the start of another sequence."""
        self._frames.clear()

    def step(self, frame: np.ndarray) -> tuple[list[np.ndarray], list[PassingFrame]]:
        """The clip that ends with the next frame, which is kept as it is now.

        Returns:
            T frames, oldest first, before the start of the sequence the first one; and what identifies each of them.
        """
        # The caller may write the next frame into the same memory.
        token = PassingFrame(f'{len(self._frames)} of a stream ({next(_TOKENS)})')
        self._frames.append((np.array(frame), token))
        count = len(self._frames)
        positions, _ = window_positions(range(count), count - 1, self.num_frames, self.stride)
        clip = [self._frames[position] for position in positions]
        self._frames = self._frames[-(self.num_frames - 1) * self.stride - 1 :]
        return [image for image, _ in clip], [token for _, token in clip]
