"""Frames of a video one after the other through a recurrent model of clips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from .segmentors.rfr import RFR

Levels = tuple[Tensor, ...]


class RecurrentStream:
    """Keeps the state that a recurrent model hands from frame to frame, since the start of the sequence.

    The interface is that of :class:`~.feature_stream.FeatureStream`.

    Args:
        model: Recurrent segmentor in eval mode.
        stride: Distance of the frames in frame numbers; 1, because every frame is part of the state.
        gaps: Not used: a missing frame changes nothing, as the model knows no frame numbers.

    Raises:
        ValueError: Another stride.
    """

    def __init__(self, model: RFR, stride: int = 1, gaps: str = 'hold') -> None:
        if stride != 1:
            raise ValueError(f'stride is {stride}; a recurrent network sees every frame, so expected 1')
        self.model = model
        self.stride = stride
        self._state: Tensor | None = None
        self._last: int | None = None

    def reset(self) -> None:
        """Forget the past, at the start of another video."""
        self._state = None
        self._last = None

    def __len__(self) -> int:
        """1 if there is a past, else 0."""
        return int(self._state is not None)

    def step(self, frame: Tensor, number: int | None = None) -> Levels:
        """Levels of the next frame (1, C, H, W).

        Args:
            frame: The frame.
            number: Its number, larger than those before; None: the last one plus 1, from 0.

        Raises:
            ValueError: If ``number`` does not come after the last one, or the frame has another size.
        """
        last = -1 if self._last is None else self._last
        number = last + 1 if number is None else number
        if self._last is not None and number <= self._last:
            raise ValueError(
                f'frame {number} after frame {self._last}: feed the frames of a video in order, and reset the stream '
                'at the start of another'
            )
        feature = self.model.embed(frame)
        if self._state is not None and self._state.shape != feature.shape:
            raise ValueError(
                f'frame {number} gave features of {feature.shape[-2]}x{feature.shape[-1]}, those before it '
                f'{self._state.shape[-2]}x{self._state.shape[-1]}; expected frames of one size in a sequence\n'
                '  cure: reset the stream at the start of another sequence'
            )
        self._state = self.model.propagate(self._state, feature)
        self._last = number
        return self.model.frame_levels(feature, self._state)

    def step_clip(self, ids: Sequence[int], clip: Tensor) -> Levels:
        """Levels of a clip's key frame; those of its frames that were not seen yet go through the model.

        Args:
            ids: Numbers of the clip's frames, ascending, the key frame last.
            clip: (1, K, C, H, W), the clip's last K frames.
        """
        levels: Levels | None = None
        for number, frame in dict(zip(ids[len(ids) - clip.shape[1] :], clip.unbind(1))).items():
            if self._last is None or number > self._last:
                levels = self.step(frame, number)
        if levels is None:
            raise ValueError(f'the clip {list(ids)} holds no frame after frame {self._last}: feed clips in order')
        return levels
