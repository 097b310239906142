"""The gradient magnitude image that guides GGL-Net."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def gradient_magnitude(image: Tensor) -> Tensor:
    r"""First-order gradient magnitude by central differences with zero padding.

    .. math:: g = \sqrt{(\tfrac12(I_{x+1}-I_{x-1}))^2 + (\tfrac12(I_{y+1}-I_{y-1}))^2}

    Each channel is treated alone.  Source: GGL-Net (arXiv 2512.09497, gradient magnitude image).

    Args:
        image: Shape (B, C, H, W), any range; half precision is computed in float32.

    Returns:
        Tensor of the same shape and dtype, in the image's units per pixel, >= 0.  Its derivative is 0 where
        the magnitude is 0 (the bare square root would give NaN there).

    Raises:
        ValueError: If ``image`` is not 4-D.
    """
    if image.ndim != 4:
        raise ValueError(f'gradient_magnitude expects (B, C, H, W), got the shape {tuple(image.shape)}')
    padded = F.pad(image if image.dtype.itemsize > 2 else image.float(), (1, 1, 1, 1))
    dx = 0.5 * (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2])
    dy = 0.5 * (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1])
    # The clamp changes no value by more than 1e-15 and gives flat regions the derivative 0 instead of NaN.
    return (dx.square() + dy.square()).clamp_min(1e-30).sqrt().to(image.dtype)


def gradient_pyramid(image: Tensor, num_levels: int) -> list[Tensor]:
    """Gradient magnitude at strides 1, 2, 4, ...: the first level max-pooled 2x2 again and again.

    Args:
        image: Shape (B, C, H, W); H and W divisible by ``2 ** (num_levels - 1)``.
        num_levels: Number of levels, >= 1.

    Returns:
        ``num_levels`` tensors; level ``i`` has the shape (B, C, H / 2**i, W / 2**i).
    """
    levels = [gradient_magnitude(image)]
    for _ in range(num_levels - 1):
        levels.append(F.max_pool2d(levels[-1], kernel_size=2, stride=2))
    return levels
