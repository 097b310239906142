"""RISTDnet's feature extraction: fixed contrast kernels, then large learned ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import check_image


def contrast_kernels(max_radius: int = 5) -> Tensor:
    """Mean of a centered square minus mean of the frame around it, for all sizes of both.

    Args:
        max_radius: Largest radius of the outer square.

    Returns:
        Shape (max_radius * (max_radius + 1) / 2, 1, k, k) with ``k = 2 * max_radius + 1``: outer radii 1, 2, ..., for
        each the inner radii 0, ..., outer - 1; zero outside the outer square.
    """
    size = 2 * max_radius + 1
    distance = (torch.arange(size) - max_radius).abs()
    distance = torch.maximum(distance[:, None], distance[None])  # Chebyshev, from the center
    kernels = []
    for outer in range(1, max_radius + 1):
        for inner in range(outer):
            center = distance <= inner
            frame = (distance <= outer) & ~center
            kernels.append(center / center.sum() - frame / frame.sum())
    return torch.stack(kernels)[:, None]


@MODELS.register_module()
class RISTDNet(BaseModule):
    """Backbone of RISTDnet (Hou et al., IEEE GRSL 2022): everything before its last convolution.

    15 fixed contrast maps and the image (16 channels) pass an 11x11, a 7x7 and a 5x5 convolution without biases and
    activations, a 2x2 max pool between them.  At stride 8, the four QUARTERS of the last map are laid over each other
    (the official ``ReOrg``; see the README) and concatenated with a further pooled 3x3 convolution.

    Source: XinyiYing/BasicIRSTD, ``model/RISTDnet``; equal to it.

    Args:
        in_channels: Channels of the image; only the first is used (a gray image's channels are equal).
        channels: Output channels of the four learned convolutions.
        init_cfg: mmengine initialization; PyTorch's default, as in the official code, without it.

    Raises:
        ValueError: In ``forward`` for a wrong channel count or image size.
    """

    def __init__(
        self, in_channels: int = 1, channels: Sequence[int] = (32, 64, 128, 256), init_cfg: dict | list | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        kernels = contrast_kernels()
        self.register_buffer('contrast', kernels, persistent=False)
        before = [len(kernels) + 1, *channels[:-1]]
        self.convs = nn.ModuleList(
            nn.Conv2d(i, o, k, padding=k // 2, bias=False) for i, o, k in zip(before, channels, (11, 7, 5, 3))
        )

    def forward(self, image: Tensor) -> tuple[Tensor]:
        """Image (B, 1 or in_channels, H, W) -> (B, 4 * channels[2] + channels[3], H / 8, W / 8)."""
        gray = check_image(self, image, self.in_channels, divisor=8)[:, :1]
        contrasts = F.conv2d(gray, self.contrast, padding=self.contrast.shape[-1] // 2)
        x = self.convs[0](torch.cat([gray, contrasts], dim=1))
        x = self.convs[1](F.max_pool2d(x, 2))
        x = self.convs[2](F.max_pool2d(x, 2))
        (upper_left, upper_right), (lower_left, lower_right) = (half.chunk(2, dim=3) for half in x.chunk(2, dim=2))
        deep = self.convs[3](F.max_pool2d(x, 2))
        return (torch.cat([upper_left, lower_left, upper_right, lower_right, deep], dim=1),)
