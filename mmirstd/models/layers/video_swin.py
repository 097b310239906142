"""Shifted-window attention over time and space (Video Swin Transformer)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Window = tuple[int, int, int]


class WindowAttention3D(nn.Module):
    """Attention within windows, with a learned bias for each relative position.

    Args:
        channels: C, a multiple of the heads.
        window: Frames, rows and columns of a window.
        num_heads: Heads.
        qkv_bias: Biases of queries, keys and values.
        project_inputs: Make queries, keys and values from the input; False: :meth:`attend` gets them.
    """

    position_index: Tensor

    def __init__(
        self, channels: int, window: Window, num_heads: int, qkv_bias: bool = True, project_inputs: bool = True
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        spans = [2 * side - 1 for side in window]
        self.position_bias = nn.Parameter(torch.zeros(spans[0] * spans[1] * spans[2], num_heads))
        nn.init.trunc_normal_(self.position_bias, std=0.02)
        places = torch.stack(torch.meshgrid(*(torch.arange(side) for side in window), indexing='ij')).flatten(1)
        distance = places[:, :, None] - places[:, None] + torch.tensor(window).view(3, 1, 1) - 1
        index = (distance[0] * spans[1] + distance[1]) * spans[2] + distance[2]
        self.register_buffer('position_index', index, persistent=False)
        if project_inputs:
            self.qkv = nn.Linear(channels, 3 * channels, bias=qkv_bias)
        self.project = nn.Linear(channels, channels)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Windows (B * W, N, C) -> the same; ``mask`` (W, N, N) is added to the logits.

        A smaller window than the layer's (a small feature) has the biases of the first N places, as in the original.
        """
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        return self.attend(query, key, value, mask)

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """Three times windows (B * W, N, C) -> (B * W, N, C); see :meth:`forward`."""
        count, tokens, channels = query.shape
        query, key, value = (x.view(count, tokens, self.num_heads, -1).transpose(1, 2) for x in (query, key, value))
        bias = self.position_bias[self.position_index[:tokens, :tokens]].permute(2, 0, 1)
        weights = (query * (channels // self.num_heads) ** -0.5) @ key.transpose(-2, -1) + bias
        if mask is not None:
            weights = weights.reshape(-1, mask.shape[0], *weights.shape[1:]) + mask[:, None]
            weights = weights.flatten(0, 1)
        return self.project((weights.softmax(dim=-1) @ value).transpose(1, 2).reshape(count, tokens, channels))


class SwinBlock3D(nn.Module):
    """Window attention and a small network, each after a layer norm and with a residual.

    Args:
        channels: C.
        num_heads: Heads.
        window: Frames, rows and columns.
        shifted: Windows are shifted by half their size.
        qkv_bias: Biases of the attention's queries, keys and values.
    """

    def __init__(self, channels: int, num_heads: int, window: Window, shifted: bool, qkv_bias: bool = True) -> None:
        super().__init__()
        self.window = window
        self.shift = tuple(side // 2 if shifted else 0 for side in window)
        self.norm1 = nn.LayerNorm(channels)
        self.attention = WindowAttention3D(channels, window, num_heads, qkv_bias)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, H, W, C) -> the same."""
        x = x + self._attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))

    def _attend(self, x: Tensor) -> Tensor:
        sides = x.shape[1:4]
        window, shift = fit_window(sides, self.window, self.shift)
        free = [-side % step for side, step in zip(sides, window)]
        x = F.pad(x, (0, 0, 0, free[2], 0, free[1], 0, free[0]))
        mask = shift_mask(x.shape[1:4], window, shift, x) if may_shift(shift) else None
        if may_shift(shift):
            x = roll(x, [-by for by in shift])
        padded = x.shape
        x = join_windows(self.attention(part_windows(x, window), mask), window, padded)
        if may_shift(shift):
            x = roll(x, shift)
        return x[:, : sides[0], : sides[1], : sides[2]]


def fit_window(sides: Sequence[Any], window: Sequence[int], shift: Sequence[int]) -> tuple[tuple, tuple]:
    """Window and shift for a feature of these sides: one that fits into a window is one, and is not shifted.

    While a graph is traced the sides are tensors, and so are window and shift: they follow the size in the graph.
    """
    return (
        tuple(
            side.clamp(max=wanted) if isinstance(side, Tensor) else min(side, wanted)
            for side, wanted in zip(sides, window)
        ),
        tuple(
            0 if not by else (side > wanted).long() * by if isinstance(side, Tensor) else 0 if side <= wanted else by
            for side, wanted, by in zip(sides, window, shift)
        ),
    )


def may_shift(shift: Sequence[Any]) -> bool:
    """Whether there is a shift, or a graph has to compute whether there is one."""
    return any(isinstance(by, Tensor) or by for by in shift)


def roll(x: Tensor, shifts: Sequence[Any]) -> Tensor:
    """``torch.roll`` of (B, T, H, W, C) along time, rows and columns; a graph may compute the shifts."""
    if not torch.jit.is_tracing():
        return torch.roll(x, list(shifts), (1, 2, 3))
    for dim, by in enumerate(shifts, 1):
        side = x.shape[dim]
        x = x.index_select(dim, (torch.arange(side, device=x.device) - by + side) % side)
    return x


def part_windows(x: Tensor, window: Sequence[int]) -> Tensor:
    """(B, T, H, W, C) -> (B * windows, tokens, C); the sides are multiples of the window's."""
    batch, *sides, channels = x.shape
    shape = [number for side, step in zip(sides, window) for number in (side // step, step)]
    return x.view(batch, *shape, channels).permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(-1, *[_tokens(window)], channels)


def join_windows(windows: Tensor, window: Sequence[int], shape: Sequence[int]) -> Tensor:
    """The reverse of :func:`part_windows`, for a feature of this shape (B, T, H, W, C)."""
    batch, *sides, channels = shape
    counts = [side // step for side, step in zip(sides, window)]
    return windows.view(batch, *counts, *window, channels).permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(tuple(shape))


def shift_mask(
    sides: Sequence[int],
    window: Sequence[int],
    shift: Sequence[int],
    like: Tensor,
    edges: tuple[Sequence[int], Sequence[int]] | None = None,
) -> Tensor:
    """-100 between places that a shift brought into one window, (windows, N, N).

    Args:
        sides: Of the feature.
        window: Of the windows.
        shift: By which the feature was moved.
        like: Gives device and type.
        edges: Another window and shift that part the places, as of TDCNet's official code; None: the same.
    """
    regions = torch.zeros(1, *sides, 1, device=like.device, dtype=torch.long)
    factor = 1
    for axis, (side, step, by) in enumerate(zip(sides, *(edges or (window, shift)))):
        # Three parts along each axis: before the last window, in it, and what was moved over from the other end.
        places = torch.arange(side, device=like.device)
        part = (places >= side - step).long() + (places >= side - by)
        regions = regions + factor * part.view([-1 if k == axis + 1 else 1 for k in range(5)])
        factor *= 3
    parted = part_windows(regions, window).squeeze(2)
    return (parted[:, None] != parted[:, :, None]).to(like) * -100.0


def _tokens(window: Sequence[int]) -> int:
    return window[0] * window[1] * window[2]
