"""RFR's attention by frequencies for a graph that takes images of any size."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.models.layers.frequency_attention import FrequencyAttention


class AnySizeFrequency(nn.Module):
    """The results of :class:`~mmirstd.models.layers.frequency_attention.FrequencyAttention`.

    Its averages over bins, whose sizes follow the image's, are products of matrices here.

    Args:
        attention: Its layers are shared.
    """

    def __init__(self, attention: FrequencyAttention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        size = self.attention.size
        square = bin_means(x.shape[2], size, x) @ x @ bin_means(x.shape[3], size, x).transpose(0, 1)
        return x * self.attention.weigh((square * self.attention.basis).sum(dim=(2, 3)))[:, :, None, None]


def bin_means(side: Any, bins: int, like: Tensor) -> Tensor:
    """``adaptive_avg_pool`` of an axis as a matrix (bins, side), of the type of ``like``."""
    number = torch.arange(bins, device=like.device)
    start, end = number * side // bins, ((number + 1) * side + bins - 1) // bins
    places = torch.arange(side, device=like.device)
    inside = ((places >= start[:, None]) & (places < end[:, None])).to(like)
    return inside / (end - start).to(like)[:, None]
