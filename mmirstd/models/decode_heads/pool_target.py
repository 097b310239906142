"""Targets at the size of a coarser level."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor


def pool_target(target: Tensor, size: Sequence[int], ignore_index: int) -> Tensor:
    """Mask at a coarser size: a pixel is target where any of the pixels it covers is, ignored where all are.

    Args:
        target: (B, 1, H, W) labels, 0, 1 or ``ignore_index``.
        size: Height and width, at most H and W.
        ignore_index: Value of the pixels that do not count.

    Returns:
        (B, 1, H, W) at that size, of the type of ``target``; the target itself where that is its size.
    """
    height, width = size
    if (height, width) == tuple(target.shape[2:]):
        return target
    ignored = (target == ignore_index).float()
    pooled = F.adaptive_max_pool2d(target.float() * (1 - ignored), (height, width)).to(target.dtype)
    return pooled.masked_fill(F.adaptive_avg_pool2d(ignored, (height, width)) == 1, ignore_index)
