"""Whether PyTorch is recording what runs."""

from __future__ import annotations

import torch


def is_compiling() -> bool:
    """Whether ``torch.compile`` or ``torch.export`` is recording; PyTorch 2.0 has neither for networks of any size."""
    ask = getattr(torch.compiler, 'is_compiling', None) if hasattr(torch, 'compiler') else None
    return bool(ask and ask())
