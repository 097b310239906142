"""SeRankDet's attention between channels, by their strongest places (IEEE TGRS 2024)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn


def position_code(height: int, width: int, ranks: int, device: torch.device) -> Tensor:
    """Sinusoid of the row with a frequency that falls with the column: ``sin`` at even columns, ``cos`` at odd ones.

    The official code reads a table (position, feature) at (row, column) of a place, so the column acts as a feature.

    Args:
        height: Rows.
        width: Columns.
        ranks: Wavelengths grow by 10000 over so many columns.
        device: Where it is computed, in float32.

    Returns:
        Shape (height, width), in [-1, 1].
    """
    columns = torch.arange(width, device=device)
    angle = torch.arange(height, device=device)[:, None] * torch.exp(columns // 2 * 2 * (-math.log(10000.0) / ranks))
    return torch.where(columns % 2 == 0, torch.sin(angle), torch.cos(angle))


class RankAttention(BaseModule):
    """Channels attend to channels; a channel is known by its largest values, in the order of their places.

    The ``ranks`` largest values of each channel and the codes of their places make queries and keys.  Their products
    are standardized before the softmax.

    The official code standardizes over the whole batch, so a prediction depends on the images beside it.  It takes any
    of equal values (after ReLU a channel has many zeros), which differ by device.  See ``per_sample`` and ``stable``.

    Args:
        ranks: Largest values taken; where a map has fewer places the rest is 0.
        per_sample: Standardize each sample alone.
        stable: Of equal values, take those that come first.  Sorts whole maps, which takes longer.
    """

    def __init__(self, ranks: int, per_sample: bool = False, stable: bool = False) -> None:
        super().__init__()
        self.ranks = ranks
        self.per_sample = per_sample
        self.stable = stable
        self.query = nn.Linear(ranks, 2 * ranks, bias=False)
        self.key = nn.Linear(ranks, 2 * ranks, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        similarity = self.similarity(self.describe(x, self._places(x.flatten(2))))
        deviation, mean = torch.std_mean(similarity, dim=self.axes, keepdim=True)
        return self.attend(x, (similarity - mean) / (deviation + 1e-5))

    def _places(self, flat: Tensor) -> Tensor:
        """(B, C, H * W) -> the places of the largest values, in their order, (B, C, up to ranks)."""
        count = min(self.ranks, flat.shape[2])
        if self.stable:
            places = flat.sort(dim=2, descending=True, stable=True).indices[..., :count]
        else:
            places = flat.topk(count, dim=2).indices
        return places.sort(dim=2).values

    @property
    def axes(self) -> tuple[int, ...]:
        """Of the similarity, over which it is standardized."""
        return (1, 2) if self.per_sample else (0, 1, 2)

    def describe(self, x: Tensor, places: Tensor) -> Tensor:
        """Values and codes of places.

        Args:
            x: (B, C, H, W).
            places: (B, C, up to ranks), numbers of pixels.

        Returns:
            (B, C, ranks); 0 where there is no place.
        """
        code = position_code(x.shape[2], x.shape[3], self.ranks, x.device).to(x.dtype).flatten()
        strongest = x.flatten(2).gather(2, places) + code[places]
        return F.pad(strongest, (0, self.ranks - places.shape[2]))

    def similarity(self, strongest: Tensor) -> Tensor:
        """What is known of each channel, (B, C, ranks) -> products of queries and keys, (B, C, C)."""
        return self.query(strongest) @ self.key(strongest).transpose(1, 2)

    def attend(self, x: Tensor, standardized: Tensor) -> Tensor:
        """Features (B, C, H, W) and standardized similarities (B, C, C) -> (B, C, H, W)."""
        return (standardized.softmax(dim=-1) @ x.flatten(2)).view_as(x) + x
