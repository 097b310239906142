"""AGPCNet's context block for a graph that takes images of any size."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmirstd.compat.compiling import is_compiling
from mmirstd.models.necks.agpc_neck import AttentionGuidedContext


class AnySizeContext(nn.Module):
    """The results of :class:`~mmirstd.models.necks.agpc_neck.AttentionGuidedContext`, without a size of its own.

    That one cuts the feature into patches by Python's numbers, which a graph would keep. Here all patches are as large
    as the last one, which has what the others leave over; what is too much of the others is hidden from the attention.

    Args:
        context: Its layers are shared.
    """

    def __init__(self, context: AttentionGuidedContext) -> None:
        super().__init__()
        self.context = context

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        context = self.context
        rows = _Patches(x.shape[2], context.scale, x.device)
        columns = _Patches(x.shape[3], context.scale, x.device)
        guide = context.gate(context.among(_bin_maxima(_bin_maxima(x, rows, 2), columns, 3)))
        guide = guide.index_select(2, rows.patch).index_select(3, columns.patch)
        related = self._within(x, rows, columns)
        return F.relu(context.gamma * context.conv(related * guide) + x)

    def _within(self, x: Tensor, rows: _Patches, columns: _Patches) -> Tensor:
        """The non-local block on each patch alone."""
        block = self.context.within
        cut = x.index_select(2, rows.source.flatten()).index_select(3, columns.source.flatten())
        cut = cut.reshape(x.shape[0], x.shape[1], rows.count, rows.length, columns.count, columns.length)
        patches = cut.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)
        query, key, value = (conv(patches).flatten(2) for conv in (block.query, block.key, block.value))
        real = rows.real[:, None, :, None] & columns.real[None, :, None, :]
        hidden = (~real).flatten(2).flatten(0, 1).repeat(x.shape[0], 1)[:, None]
        attention = torch.softmax((query.transpose(1, 2) @ key).masked_fill(hidden, float('-inf')), dim=-1)
        related = block.gamma * (value @ attention.transpose(1, 2)).reshape(patches.shape) + patches
        related = related.reshape(x.shape[0], rows.count, columns.count, x.shape[1], rows.length, columns.length)
        joined = related.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)
        return joined.index_select(2, rows.target).index_select(3, columns.target)


class _Patches:
    """One axis cut into equal patches, the last of which has what is left over.

    Attributes:
        size: Length of the axis.
        count: Number of patches.
        length: Of the last one, the longest.
        source: (count, length) place on the axis of each place in each patch.
        real: (count, length) whether it belongs to the patch.
        patch: (size,) the patch of each place on the axis.
        target: (size,) its place among all places of all patches.
    """

    def __init__(self, size: Any, most: int, device: torch.device) -> None:
        self.size = size
        count = torch.clamp(torch.ones((), dtype=torch.long, device=device) * size, max=most)
        base = size // count
        self.count, self.length = _as_size(count), _as_size(size - base * (count - 1))
        number = torch.arange(self.count, device=device)
        within = torch.arange(self.length, device=device)
        self.source = number[:, None] * base + within
        own = torch.where(number == self.count - 1, self.length, base)
        self.real = within < own[:, None]
        self.source = torch.minimum(self.source, torch.ones_like(self.source) * (size - 1))
        places = torch.arange(size, device=device)
        self.patch = torch.minimum(places // base, torch.ones_like(places) * (self.count - 1))
        self.target = self.patch * self.length + places - self.patch * base


def _as_size(number: Tensor) -> Any:
    """A size that a graph does not know; formulas of the image's size would be told apart where they are 1."""
    if not is_compiling():
        return number
    size = number.item()
    torch._check(size >= 1)
    return size


def _bin_maxima(x: Tensor, patches: _Patches, dim: int) -> Tensor:
    """``adaptive_max_pool`` along one axis to as many bins as there are patches."""
    size, count = patches.size, patches.count
    number = torch.arange(count, device=x.device)
    start, end = number * size // count, ((number + 1) * size + count - 1) // count
    places = start[:, None] + torch.arange((size + count - 1) // count + 1, device=x.device)
    # Places beyond a bin's end stand for its last one, which changes no maximum.
    places = torch.minimum(places, end[:, None] - 1)
    picked = x.index_select(dim, places.flatten())
    shape = (*x.shape[:dim], count, places.shape[1], *x.shape[dim + 1 :])
    return picked.reshape(shape).amax(dim + 1)
