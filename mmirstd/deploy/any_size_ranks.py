"""SeRankDet's attention by ranks for a graph that takes images of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.compat.compiling import is_compiling
from mmirstd.models.layers.rank_attention import RankAttention


class AnySizeRanks(nn.Module):
    """The results of :class:`~mmirstd.models.layers.rank_attention.RankAttention` with ``stable=True``.

    The official code takes any of equal values.  PyTorch chooses among them by how its sorting moves them, which no
    graph can repeat, and otherwise on a GPU.

    Args:
        attention: Its layers are shared.
    """

    def __init__(self, attention: RankAttention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        attention = self.attention
        size = x.shape[2] * x.shape[3]
        if is_compiling():
            count = torch.sym_min(size, attention.ranks)
        else:
            count = torch.clamp(torch.ones((), dtype=torch.long, device=x.device) * size, max=attention.ranks)
        similarity = attention.similarity(attention.describe(x, first_of_largest(x.flatten(2), count)))
        centered = similarity - _mean(similarity, attention.axes)
        number = torch.ones((), dtype=torch.long, device=x.device)
        for axis in attention.axes:
            number = number * similarity.shape[axis]
        variance = _mean(centered.square(), attention.axes) * (number.to(x) / (number - 1).to(x))
        return attention.attend(x, centered / (variance.sqrt() + 1e-5))


def _mean(x: Tensor, axes: Sequence[int]) -> Tensor:
    """One axis after the other: of millions at once ONNX Runtime's sum in float32 loses digits."""
    for axis in reversed(axes):
        x = x.mean(dim=axis, keepdim=True)
    return x


def first_of_largest(x: Tensor, count: Any) -> Tensor:
    """Places of the largest values, in ascending order; of equal values those that come first.

    The choice is written out, because OpenVINO's TopK takes any of equal values.

    Args:
        x: (B, C, N).
        count: How many places, at most N.

    Returns:
        (B, C, count).
    """
    least = x.topk(count, dim=2).values.amin(dim=2, keepdim=True)
    above, equal = (x > least).long(), (x == least).long()
    missing = count - above.sum(dim=2, keepdim=True)
    taken = (above > 0) | ((equal > 0) & (equal.cumsum(dim=2) <= missing))
    # Counted from the end, the places taken are the largest numbers, all different, and come in their order.
    number = x.shape[2]
    left = torch.where(taken, number - torch.arange(number, device=x.device), 0)
    return number - left.topk(count, dim=2).values


def takes_ranks(network: nn.Module) -> bool:
    """Whether results jump where rounding changes the order of two values."""
    return any(isinstance(module, (AnySizeRanks, RankAttention)) for module in network.modules())


def takes_any_of_equals(network: nn.Module) -> bool:
    """Whether a file of the network decides where the network itself takes any of equal values."""
    return any(isinstance(module, RankAttention) and not module.stable for module in network.modules())
