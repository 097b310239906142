"""Cross-slice ConvLSTM (SSTNet): a ConvLSTM over the frames of a clip, stacked in slices that share a motion state."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional

State = tuple[Tensor, Tensor]


def lstm_step(gates: Sequence[Tensor], cell: Tensor | None) -> tuple[Tensor, Tensor]:
    """One LSTM update.

    Args:
        gates: Input, forget, output gate and candidate before their activations, each of ``cell``'s shape.
        cell: Cell state; None: zeros, as before the first frame.

    Returns:
        What the unit puts out (hidden state), and its new cell state.
    """
    enter, keep, out, candidate = gates
    entered = enter.sigmoid() * candidate.tanh()
    cell = entered if cell is None else keep.sigmoid() * cell + entered
    return out.sigmoid() * cell.tanh(), cell


class MotionUpdate(nn.Module):
    """Update of the motion state that a slice hands to the next one: attention over the clip's ends, then an LSTM.

    The pooled motion state is attended to by the clip's first frame (past) and the result by the last (future).

    Args:
        channels: Channels of all states.
        pooled_size: Side of the grid to which the maps are pooled before attention; the attention's embedding is
            the flattened grid, its tokens are the channels.
        num_heads: Attention heads.
        dropout: Attention dropout.
    """

    def __init__(self, channels: int, pooled_size: int = 32, num_heads: int = 8, dropout: float = 0.1) -> None:
        super().__init__()
        self.pooled_size = pooled_size
        self.gates = nn.Conv2d(3 * channels, 4 * channels, 3, padding=1)
        self.past_mix = nn.Conv2d(2 * channels, channels, 1, bias=False)
        self.future_mix = nn.Conv2d(2 * channels, channels, 1, bias=False)
        embedding = pooled_size**2
        self.past_attention = nn.MultiheadAttention(embedding, num_heads, dropout=dropout, batch_first=True)
        self.future_attention = nn.MultiheadAttention(embedding, num_heads, dropout=dropout, batch_first=True)

    def forward(self, frame: Tensor, first: Tensor, last: Tensor, motion: State, state: State) -> State:
        """New motion state.

        Args:
            frame: (B, C, h, w), the slice's motion input of this frame.
            first: That of the clip's first frame.
            last: That of the clip's last frame.
            motion: Motion state of this frame from the previous slice.
            state: The slice's own hidden and cell state after this frame; they are added.
        """
        hidden, cell = motion
        tokens = self._tokens(hidden)
        past, _ = self.past_attention(self._tokens(first), tokens, tokens, need_weights=False)
        future, _ = self.future_attention(self._tokens(last), past, past, need_weights=False)
        mixed = [
            mix(torch.cat([self._map(attended, hidden).sigmoid() + hidden, hidden], dim=1))
            for mix, attended in ((self.past_mix, past), (self.future_mix, future))
        ]
        # The official code splits this convolution in another order (input, forget, candidate, output).
        enter, keep, candidate, out = self.gates(torch.cat([frame, *mixed], dim=1)).chunk(4, dim=1)
        # The state's cell joins before the output, its hidden state after it.
        new_cell = keep.sigmoid() * cell + enter.sigmoid() * candidate.tanh() + state[1]
        return out.sigmoid() * new_cell.tanh() + state[0], new_cell

    def _tokens(self, x: Tensor) -> Tensor:
        return functional.adaptive_max_pool2d(x, self.pooled_size).flatten(2)

    def _map(self, tokens: Tensor, like: Tensor) -> Tensor:
        grid = tokens.unflatten(2, (self.pooled_size, self.pooled_size))
        return functional.interpolate(grid, size=like.shape[-2:], mode='bilinear', align_corners=True)


class CrossSliceCell(nn.Module):
    """One slice of the cross-slice ConvLSTM at one frame.

    Source: SSTNet, nets/Network.py, ``Cross_Slice_ConvLSTM_Node``.

    Args:
        channels: Channels of input and states.
        motion: Make the motion update, whose result only a next slice reads.
        pooled_size, num_heads, dropout: See :class:`MotionUpdate`.
    """

    def __init__(
        self, channels: int, motion: bool, pooled_size: int = 32, num_heads: int = 8, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.gates = nn.Conv2d(2 * channels, 4 * channels, 3, padding=1)
        self.motion_gates = nn.Conv2d(4 * channels, 4 * channels, 3, padding=1)
        self.motion_update = MotionUpdate(channels, pooled_size, num_heads, dropout) if motion else None

    def forward(self, x: Tensor, motion_input: Tensor, state: State | None, motion: State | None) -> State:
        """The slice's hidden and cell state after this frame; all tensors (B, C, h, w).

        Args:
            x: Input of this frame: the frame's features, or the previous slice's hidden state.
            motion_input: The frame's features, or the previous slice's motion state.
            state: Hidden and cell state after the previous frame; None: zeros, before the first frame.
            motion: Motion state of this frame from the previous slice; None: zeros, in the first slice.
        """
        hidden, cell = state or (None, None)
        gates = self._gates(x, hidden, motion_input, motion and motion[0])
        return lstm_step(gates.chunk(4, dim=1), cell)

    def _gates(self, x: Tensor, hidden: Tensor | None, motion_input: Tensor, motion: Tensor | None) -> Tensor:
        """``gates`` of x and hidden plus ``motion_gates`` of all four, (B, 4C, h, w), as one convolution.

        A convolution is linear: the weights for one input add up, whichever of the two convolutions they belong to and
        however often the input is given (in the first slice ``motion_input`` is ``x``), and zeros need no weights.  In
        the first slice 2 of 6 blocks of weights remain; the six took two fifths of a step of SSTNet tiny on CPU.
        """
        own, shared = self.gates.weight.chunk(2, dim=1), self.motion_gates.weight.chunk(4, dim=1)
        blocks = [(x, own[0] + shared[0]), (hidden, own[1] + shared[1]), (motion_input, shared[2]), (motion, shared[3])]
        if motion_input is x:
            blocks[0] = (x, blocks[0][1] + shared[2])
            del blocks[2]
        assert self.gates.bias is not None
        assert self.motion_gates.bias is not None
        inputs, weights = zip(*(block for block in blocks if block[0] is not None))
        return functional.conv2d(
            torch.cat(inputs, dim=1), torch.cat(weights, dim=1), self.gates.bias + self.motion_gates.bias, padding=1
        )


class CrossSliceConvLSTM(BaseModule):
    """ConvLSTM over T frames in ``num_slices`` slices.

    Slice 0 reads the frames; each further slice reads the previous one's hidden states and, beside them, its motion
    states, which have looked at the clip's first and last frame by attention.

    Source: SSTNet, nets/Network.py, class ``SSTNet``.  The official code runs with one slice only (more fail in its
    own argument check), and then the motion states reach no output: their parameters get no gradient.  Here a slice
    has a motion update only if a further slice reads it.

    Args:
        channels: Channels of input and states.
        num_slices: Number of slices, at least 1.
        pooled_size, num_heads, dropout: See :class:`MotionUpdate`.
        official_unused: Also make the last slice's motion update, for exchanging checkpoints with the official code.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If ``num_slices`` is less than 1.
    """

    def __init__(
        self,
        channels: int,
        num_slices: int = 1,
        pooled_size: int = 32,
        num_heads: int = 8,
        dropout: float = 0.1,
        official_unused: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_slices < 1:
            raise ValueError(f'num_slices is {num_slices}; expected at least 1')
        self.slices = nn.ModuleList(
            CrossSliceCell(channels, i < num_slices - 1 or official_unused, pooled_size, num_heads, dropout)
            for i in range(num_slices)
        )

    def forward(self, frames: list[Tensor]) -> list[Tensor]:
        """T inputs (B, C, h, w), oldest first -> the last slice's T hidden states, of the same shape."""
        zeros = torch.zeros_like(frames[0])
        inputs = motion_inputs = frames
        motions: list[State | None] = [None] * len(frames)
        for index, cell in enumerate(self.slices):
            assert isinstance(cell, CrossSliceCell)
            state: State | None = None
            states, next_motions = [], []
            for x, motion_input, motion in zip(inputs, motion_inputs, motions):
                state = cell(x, motion_input, state, motion)
                states.append(state)
                if index < len(self.slices) - 1:
                    assert cell.motion_update is not None  # all but the last slice have one
                    next_motions.append(
                        cell.motion_update(
                            motion_input, motion_inputs[0], motion_inputs[-1], motion or (zeros, zeros), state
                        )
                    )
            inputs = [hidden for hidden, _ in states]
            motions = next_motions
            motion_inputs = [hidden for hidden, _ in next_motions]
        return inputs
