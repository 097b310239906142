"""Frames of a video one after the other through a model of clips, each frame's features computed once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mmirstd.utils.clip_window import window_positions

if TYPE_CHECKING:
    from .clip_model import ClipModel

Levels = tuple[Tensor, ...]


class FeatureStream:
    """Remembers the per-frame states of one video for as long as a later clip can contain the frame.

    That is (T - 1) * stride + 1 frames at most.

    Args:
        model: Model of clips in eval mode.  The states belong to its weights: reset the stream when they change.
        stride: Distance of a clip's frames.
        gaps: What stands for a past frame whose number is missing, as in the clip data sets
            (``mmirstd.utils.clip_window.GAPS``): ``'hold'`` or ``'position'``.

    Raises:
        ValueError: If ``stride`` or ``gaps`` is none of these.
    """

    def __init__(self, model: ClipModel, stride: int = 1, gaps: str = 'hold') -> None:
        if stride < 1:
            raise ValueError(f'stride is {stride}; expected a whole number from 1 on')
        if gaps not in ('hold', 'position'):
            raise ValueError(f"gaps is {gaps!r}; expected 'hold' or 'position'")
        self.model = model
        self.stride = stride
        self.gaps = gaps
        self._states: dict[int, Any] = {}

    def reset(self) -> None:
        """Forget all frames, at the start of another video."""
        self._states.clear()

    def __len__(self) -> int:
        """Number of frames remembered."""
        return len(self._states)

    def step(self, frame: Tensor, number: int | None = None) -> Levels:
        """Coupled features of the clip that ends with the next frame of the video.

        Args:
            frame: (1, C, H, W).
            number: The frame's number, larger than those before; None: the last one plus 1, from 0.

        Returns:
            Levels (1, C_l, h, w), as the model's ``extract_feat`` gives them for the clip of T frames.

        Raises:
            ValueError: If ``number`` does not come after the last one.
        """
        last = max(self._states, default=-1)
        number = last + 1 if number is None else number
        if self._states and number <= last:
            raise ValueError(
                f'frame {number} after frame {last}: feed the frames of a video in order, and reset the '
                'stream at the start of another'
            )
        numbers = [*sorted(self._states), number]
        positions, _ = window_positions(numbers, len(numbers) - 1, self.model.num_frames, self.stride, self.gaps)
        return self.step_clip([numbers[position] for position in positions], frame.unsqueeze(1))

    def step_clip(self, ids: Sequence[int], clip: Tensor) -> Levels:
        """Coupled features of a clip; only frames that are not remembered are computed.

        Args:
            ids: Numbers of the clip's T frames within the video, ascending, the key frame last.  A number stands for
                the same frame in every clip until :meth:`reset`.
            clip: (1, K, C, H, W), the clip's last K frames.

        Returns:
            As :meth:`step`.

        Raises:
            ValueError: If a frame is neither remembered nor given, or frames differ in size.
        """
        given = dict(zip(ids[len(ids) - clip.shape[1] :], clip.unbind(1)))
        missing = sorted({number for number in ids if number not in self._states} - set(given))
        if missing:
            raise ValueError(
                f'frames {missing} of the clip {list(ids)} are neither remembered nor given: feed every frame of a '
                'video in order, from its first, or give whole clips'
            )
        new = [number for number in given if number not in self._states]
        if new:
            states = self.model.frame_state(torch.cat([given[number] for number in new]))
            self._states.update(zip(new, _split(states)))
        self._check_sizes(ids)
        coupled = self.model.couple_states([self._states[number] for number in ids])
        # Clips move forward: what is older than this one's oldest frame is not seen again.
        self._states = {number: state for number, state in self._states.items() if number >= ids[0]}
        return coupled

    def _check_sizes(self, ids: Sequence[int]) -> None:
        sizes = {number: tuple(self._states[number][0].shape[-2:]) for number in ids}
        key = sizes[ids[-1]]
        for number, size in sizes.items():
            if size != key:
                raise ValueError(
                    f'frame {number} gave features of {size[0]}x{size[1]}, frame {ids[-1]} of {key[0]}x{key[1]}; '
                    'expected frames of one size in a sequence\n  cure: reset the stream at the start of another '
                    'sequence; in evaluation, batch_size=1 where sequences differ in size (a batch is padded to its '
                    'largest)'
                )


def _split(states: tuple[Tensor, ...]) -> list[tuple[Tensor, ...]]:
    """States of a batch of frames -> one of the same type for each frame."""
    make = getattr(states, '_make', tuple)
    return [make(parts) for parts in zip(*(tensor.split(1) for tensor in states))]
