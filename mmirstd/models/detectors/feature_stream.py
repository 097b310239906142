"""Frames of a video one after the other through a clip detector, each frame's features computed once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from .multi_frame_detector import MultiFrameDetector


def window_ids(index: int, num_frames: int, stride: int = 1) -> list[int]:
    """Frame numbers of the clip whose key frame is ``index``: oldest first, none before frame 0, key frame last.

    >>> window_ids(5, num_frames=4, stride=2)
    [0, 1, 3, 5]
    """
    return [max(index - step * stride, 0) for step in range(num_frames - 1, -1, -1)]


class FeatureStream:
    """Remembers the per-frame states of one video for as long as a later clip can contain the frame.

    Args:
        model: Clip detector in eval mode.  The states belong to its weights: reset the stream when they change.
    """

    def __init__(self, model: MultiFrameDetector) -> None:
        self.model = model
        self._states: dict[int, Any] = {}

    def reset(self) -> None:
        """Forget all frames, at the start of another video."""
        self._states.clear()

    def __len__(self) -> int:
        """Number of frames remembered."""
        return len(self._states)

    def step(self, ids: Sequence[int], frames: Tensor) -> tuple[Tensor, ...]:
        """Coupled features of the next clip; only frames that are not remembered are computed.

        Args:
            ids: Numbers of the clip's T frames within the video, ascending, the key frame last.  A number stands for
                the same frame in every clip until :meth:`reset`.
            frames: (K, C, H, W), the clip's last K frames, key frame last; K = 1 is enough in an unbroken sequence.

        Returns:
            Levels (1, C, h, w), as the detector's ``extract_feat`` gives them for the whole clip.

        Raises:
            ValueError: If a frame is neither remembered nor given.
        """
        given = dict(zip(ids[len(ids) - len(frames):], frames))
        missing = sorted({number for number in ids if number not in self._states} - set(given))
        if missing:
            raise ValueError(
                f'frames {missing} of the clip {list(ids)} are neither remembered nor given: feed every frame of a '
                'video in order, from its first, or give whole clips')
        for number, frame in given.items():
            if number not in self._states:
                self._states[number] = self.model.frame_state(frame.unsqueeze(0))
        coupled = self.model.couple_states([self._states[number] for number in ids])
        # Clips move forward: what is older than this one's oldest frame is not seen again.
        self._states = {number: state for number, state in self._states.items() if number >= ids[0]}
        return coupled
