"""Spiral-aware feature sampling, by which NS-FPN fuses two levels (CVPR 2026, arXiv 2508.06878)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..layers import biased_conv
from ..layers.precision import at_least_float32


def spiral_offsets(num_heads: int, num_points: int) -> Tensor:
    """Where a query looks: each head has a spiral of its own, turned by ``1 / num_heads`` of a turn.

    Args:
        num_heads: Number of spirals.
        num_points: Points of a spiral; point ``i`` is ``i + 1`` pixels away and ``i / num_points`` of a turn further.

    Returns:
        Shape (num_heads, num_points, 2): x and y offsets in pixels.
    """
    turns = [[i / num_points + head / num_heads for i in range(num_points)] for head in range(num_heads)]
    return torch.tensor(
        [
            [
                [(1 + i) * math.cos(2 * math.pi * turn), (1 + i) * math.sin(2 * math.pi * turn)]
                for i, turn in enumerate(row)
            ]
            for row in turns
        ]
    )


class SpiralSampling(BaseModule):
    """Spiral-aware feature sampling (SFS): a fine level gated by what it samples from a coarser one.

    Deformable attention (Zhu et al., 2021) whose offsets do not depend on the query: a spiral a head around the query's
    place, plus a learned shift that all queries share.  The queries are a convolved fine level, keys and values a
    convolved coarse one; the result is ``norm(query * (1 + attention))``.

    Args:
        channels: Channels of both levels and of the result, a multiple of ``num_heads``.
        num_heads: Attention heads.
        num_points: Sampled points a head.
        norm_cfg: Norm layer of the convolutions.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If the channels are no multiple of ``num_heads``.
    """

    spiral: Tensor

    def __init__(
        self,
        channels: int,
        num_heads: int = 8,
        num_points: int = 4,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if channels % num_heads:
            raise ValueError(f'SpiralSampling: channels={channels} is no multiple of num_heads={num_heads}')
        self.num_heads = num_heads
        self.query = biased_conv(channels, channels, 3, norm_cfg)
        self.key = biased_conv(channels, channels, 3, norm_cfg)
        self.query_norm = nn.LayerNorm(channels)
        self.key_norm = nn.LayerNorm(channels)
        self.out_norm = nn.LayerNorm(channels)
        self.register_buffer('spiral', spiral_offsets(num_heads, num_points), persistent=False)
        self.shift = nn.Parameter(torch.zeros(num_heads, num_points, 2))
        self.weights = nn.Linear(channels, num_heads * num_points)
        self.value = nn.Linear(channels, channels)
        self.projection = nn.Linear(channels, channels)
        # As in the official code: at first all points weigh the same.
        nn.init.zeros_(self.weights.weight)
        for linear in (self.value, self.projection):
            nn.init.xavier_uniform_(linear.weight)
        for linear in (self.weights, self.value, self.projection):
            nn.init.zeros_(linear.bias)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """(B, C, H, W), (B, C, h, w) -> (B, C, H, W)."""
        query = self.query_norm(self.query(fine).flatten(2).transpose(1, 2))  # (B, HW, C)
        key = self.key_norm(self.key(coarse).flatten(2).transpose(1, 2))  # (B, hw, C)
        value = self.value(key).transpose(1, 2).reshape(coarse.shape)
        weights = self.weights(query).unflatten(2, (self.num_heads, -1)).softmax(dim=-1)
        sampled = self._sample(value, fine.shape[2:])  # (heads, B, C / heads, HW, points)
        attended = (sampled * weights.permute(2, 0, 1, 3)[:, :, None]).sum(dim=-1)
        attended = attended.permute(1, 3, 0, 2).flatten(2)  # (B, HW, C)
        out = self.out_norm(query + query * self.projection(attended))
        return out.transpose(1, 2).reshape(fine.shape)

    def _sample(self, value: Tensor, size: torch.Size) -> Tensor:
        """The value at each query's spirals, bilinearly, 0 outside; all samples of a batch are read at one grid."""
        height, width = value.shape[2:]
        # In 16 bits places are up to a pixel away from where they should be.
        wide = at_least_float32(value)
        rows, columns = ((torch.arange(n, dtype=wide.dtype, device=value.device) + 0.5) / n for n in size)
        y, x = (places.reshape(-1, 1) for places in torch.meshgrid(rows, columns, indexing='ij'))
        dx, dy = (self.spiral + self.shift)[:, None].unbind(dim=-1)  # (heads, 1, points)
        places = torch.stack([x + dx / width, y + dy / height], dim=-1)
        heads = wide.unflatten(1, (self.num_heads, -1)).transpose(0, 1).flatten(1, 2)  # (heads, B C / heads, h, w)
        # -1 and 1 are the outer edges of the border pixels.
        sampled = F.grid_sample(heads, (2 * places - 1).to(heads), padding_mode='zeros', align_corners=False)
        return sampled.to(value.dtype).unflatten(1, (-1, len(self.value.bias) // self.num_heads))
