"""Models of clips as graphs: whole clips in, or one frame and what is kept of the past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.models.recurrent_stream import RecurrentStream

from .clip_input import ClipInput
from .clip_results import Results
from .largest_difference import largest
from .resampling import Placement

Levels = tuple[Tensor, ...]


class ClipGraph(nn.Module):
    """A model of clips, from gray values to results.

    Args:
        model: In eval mode, traceable.
        frames: How the gray values are prepared.
        results: What is made of the levels.
    """

    #: Beginning of the kind's name.
    kind = 'clip'

    def __init__(self, model: nn.Module, frames: ClipInput, results: Results) -> None:
        super().__init__()
        self.model: Any = model
        self.frames = frames
        self.results = results

    @property
    def outputs(self) -> dict[str, str]:
        """Names of the outputs -> what they are."""
        return self.results.outputs

    @property
    def input(self) -> Any:
        """How gray values are normalized."""
        return self.frames.gray

    @property
    def divisor(self) -> int:
        """Padded sizes are multiples of it."""
        return self.frames.divisor

    @property
    def whole_image(self) -> bool:
        """Frames are not tiled."""
        return True

    @property
    def image_shape(self) -> str:
        """Of the input ``image``."""
        return f'(B, {self.model.input_frames}, H, W)'

    @property
    def inputs(self) -> dict[str, str]:
        """Names of the inputs -> what they are."""
        kind = {'any': 'float32'}.get(self.input.input_type, self.input.input_type)
        named = {'image': f'{self.image_shape} {kind}: gray values as they are stored, the key frame last'}
        if self.input.input_type == 'any':
            named['range'] = '(B, 2) float32: the gray values that become 0 and 1'
        return named

    def dynamic_axes(self) -> dict[str, dict[int, str]]:
        """Axes of inputs and outputs whose size is free, and their names."""
        axes: dict[str, dict[int, str]] = {'image': {0: 'batch', 2: 'height', 3: 'width'}}
        if self.input.input_type == 'any':
            axes['range'] = {0: 'batch'}
        for name in self.outputs:
            axes[name] = {0: 'batch', 1: 'height', 2: 'width'} if name in self.results.maps else {0: 'boxes'}
        return axes

    def example(
        self, height: int | None = None, width: int | None = None, batch: int = 2, seed: int = 0
    ) -> tuple[Tensor, ...]:
        """Random inputs; by default of a size that is no multiple of the divisor."""
        size = (height or 2 * self.divisor + 7, width or 3 * self.divisor + 9)
        shape = (batch, self.model.input_frames, *size)
        return self.input.example(shape, torch.Generator().manual_seed(seed))

    def levels(self, *inputs: Tensor) -> tuple[Levels, tuple[Any, Any], Placement | None, tuple[Tensor, ...]]:
        """Levels of the key frame, sizes, placement, and further outputs."""
        image = inputs[0]
        x, placement = self.frames(image, *inputs[1:2])
        return self.model.extract_feat(x), (tuple(image.shape[2:]), tuple(x.shape[3:])), placement, ()

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """See ``inputs`` and ``outputs``."""
        levels, size, placement, further = self.levels(*inputs)
        return (*self.results(levels, size, placement), *further)

    def reference(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What the outputs of a file are compared with, see :meth:`difference`."""
        levels, size, placement, further = self.levels(*inputs)
        return (*self.results.reference(levels, size, placement), *further)

    def difference(self, expected: Sequence[Tensor], found: Sequence[Tensor]) -> float:
        """How far the outputs of a file, or another reference, are from a reference."""
        return self.results.difference(expected, found)


class StreamGraph(ClipGraph):
    """One frame and what is kept of the frames before it in, the result and what to keep out.

    Args:
        model, frames, results: As of :class:`ClipGraph`.
        stride: Distance of a clip's frames.
    """

    kind = 'stream'

    def __init__(self, model: nn.Module, frames: ClipInput, results: Results, stride: int = 1) -> None:
        super().__init__(model, frames, results)
        self.stride = stride
        self.recurrent = isinstance(self.model.make_stream(stride), RecurrentStream)
        #: Frames of which something is kept.
        self.kept = 1 if self.recurrent else (self.model.num_frames - 1) * stride
        side = 2 * self.divisor
        with torch.no_grad():
            state = self._state(torch.zeros(1, 1, self.frames.channels, side, side))
        #: Name -> frames, channels, and pixels of the network's image to one of the state.
        self.states: dict[str, tuple[int, int, int]] = {
            f'past_{number}': (self.kept, part.shape[1], side // part.shape[3])
            for number, part in enumerate(state if self.kept else ())
        }

    def _state(self, x: Tensor) -> tuple[Tensor, ...]:
        """What is kept of a frame (B, 1, C, H, W)."""
        return (self.model.embed(x[:, 0]),) if self.recurrent else self.model.frame_state(x[:, 0])

    @property
    def image_shape(self) -> str:
        """See the base class."""
        return '(B, H, W)'

    @property
    def inputs(self) -> dict[str, str]:
        """See the base class."""
        named = super().inputs
        named['image'] = named['image'].replace(', the key frame last', '')
        if self.states:
            named['first'] = (
                '(B,) uint8: 1 where the frame begins a sequence: then the values of past_... do not matter'
            )
        for name, (frames, channels, stride) in self.states.items():
            named[name] = (
                f"(B, {frames}, {channels}, H' / {stride}, W' / {stride}) float32: next_... of the frame before"
            )
        return named

    @property
    def outputs(self) -> dict[str, str]:
        """See the base class."""
        kept = {name.replace('past', 'next'): f'{name} of the next frame' for name in self.states}
        return {**super().outputs, **kept}

    def dynamic_axes(self) -> dict[str, dict[int, str]]:
        """See the base class."""
        axes = super().dynamic_axes()
        axes['image'] = {0: 'batch', 1: 'height', 2: 'width'}
        if self.states:
            axes['first'] = {0: 'batch'}
        for number, name in enumerate(self.states):
            axes[name] = {0: 'batch'}
            if self.frames.network_size is None:  # else a letterbox sets rows and columns
                axes[name] |= {3: f'rows_{number}', 4: f'columns_{number}'}
            axes[name.replace('past', 'next')] = axes[name]
        return axes

    def state_shapes(self, height: int, width: int) -> list[tuple[int, int, int, int]]:
        """Of the states of one frame (H, W): frames, channels, rows, columns."""
        size = self.frames.network_size or tuple(-(-side // self.divisor) * self.divisor for side in (height, width))
        return [(kept, channels, size[0] // by, size[1] // by) for kept, channels, by in self.states.values()]

    def example(
        self, height: int | None = None, width: int | None = None, batch: int = 2, seed: int = 0
    ) -> tuple[Tensor, ...]:
        """See the base class; the first image begins a sequence."""
        height, width = height or 2 * self.divisor + 7, width or 3 * self.divisor + 9
        generator = torch.Generator().manual_seed(seed)
        inputs = self.input.example((batch, height, width), generator)
        if not self.states:
            return inputs
        first = torch.zeros(batch, dtype=torch.uint8)
        first[0] = 1
        states = [torch.rand(batch, *shape, generator=generator) for shape in self.state_shapes(height, width)]
        return (*inputs, first, *states)

    def levels(self, *inputs: Tensor) -> tuple[Levels, tuple[Any, Any], Placement | None, tuple[Tensor, ...]]:
        """See the base class; the further outputs are what to keep."""
        ranged = int(self.input.input_type == 'any')
        image, given = inputs[0], inputs[1 + ranged :]
        x, placement = self.frames(image[:, None], *inputs[1 : 1 + ranged])
        size = tuple(image.shape[1:]), tuple(x.shape[3:])
        if not self.states:
            return self.model.extract_feat(x), size, placement, ()
        first = (given[0] > 0)[:, None, None, None]
        if self.recurrent:
            (current,), past = self._state(x), given[1][:, 0]
            aligned = torch.where(first, current, self.model.align(past, current))
            state = self.model.fuse_past(aligned, current)
            return self.model.frame_levels(current, state), size, placement, (state[:, None],)
        new = self.model.frame_state(x[:, 0])
        whole = [
            torch.cat(
                [torch.where(first[:, None], part[:, None].expand(-1, self.kept, -1, -1, -1), past), part[:, None]], 1
            )
            for part, past in zip(new, given[1:])
        ]
        make = getattr(new, '_make', tuple)
        clip = [make([part[:, place] for part in whole]) for place in range(0, self.kept + 1, self.stride)]
        return self.model.couple_states(clip), size, placement, tuple(part[:, 1:] for part in whole)

    def difference(self, expected: Sequence[Tensor], found: Sequence[Tensor]) -> float:
        """See the base class; what is kept counts, too, relative to its largest value."""
        count = len(self.states)
        if not count:
            return super().difference(expected, found)
        kept = [
            largest((one - other).abs()) / max(1.0, float(one.abs().max()))
            for one, other in zip(expected[-count:], found[-count:])
        ]
        return max(super().difference(expected[:-count], found[:-count]), *kept)
