"""What must not be computed in 16 bits, also under autocast."""

from __future__ import annotations

from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """Float16 and bfloat16 as float32.

    Squares and areas of pixels do not fit into float16, whose largest is 65504.  Bfloat16 tells no two neighbors apart
    from pixel 256 on.
    """
    return values.float() if values.dtype.itemsize < 4 else values
