"""How far results are apart."""

from __future__ import annotations

import torch
from torch import Tensor


def largest(x: Tensor) -> float:
    """Infinite where anything is no number, 0 of nothing."""
    return float('inf') if torch.isnan(x).any() else float(x.max()) if x.numel() else 0.0
