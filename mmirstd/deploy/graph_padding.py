"""Padding to a multiple of a network's stride, written so that a graph of it takes images of any size."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mmirstd.compat.compiling import is_compiling


def pad_to_multiple(x: Tensor, divisor: int, mode: str = 'reflect', pad_value: float = 0.0) -> Tensor:
    """As ``mmirstd.PadToMultiple``: at the right and bottom.

    Args:
        x: (B, H, W).
        divisor: Height and width become multiples of it.
        mode: ``'reflect'`` (as often as is needed, so that small images go, too), ``'edge'`` or ``'constant'``.
        pad_value: For ``'constant'``.

    Returns:
        (B, H', W').
    """
    if divisor == 1:
        return x
    height, width = x.shape[1:]
    padded = [(size + divisor - 1) // divisor * divisor for size in (height, width)]
    if mode == 'constant':
        return F.pad(x, (0, padded[1] - width, 0, padded[0] - height), value=pad_value)
    for dim, size, total in ((1, height, padded[0]), (2, width, padded[1])):
        x = x.index_select(dim, _places(size, total, mode, x.device))
    return x


def crop(x: Tensor, height: Any, width: Any) -> Tensor:
    """The upper left corner of (B, H, W)."""
    if is_compiling():
        # A view would make the graph distinguish images that were padded from others.
        x = x.index_select(1, torch.arange(height, device=x.device))
        return x.index_select(2, torch.arange(width, device=x.device))
    return x[:, :height, :width]


def _places(size: Any, total: Any, mode: str, device: torch.device) -> Tensor:
    """(total,) where each place of the padded axis takes its value from."""
    places = torch.arange(total, device=device)
    # A tensor and no number: in a graph the size is not known.
    last = torch.ones((), dtype=torch.long, device=device) * (size - 1)
    if mode == 'edge':
        return torch.minimum(places, last)
    period = torch.clamp(2 * last, min=1)
    places = places % period
    return torch.minimum(places, period - places)
