"""LRRNet: the low-rank background of an image by a network without patches (IEEE TGRS 2025)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import check_image


class PixelAttention(BaseModule):
    """``x + projection(attention)``: every position of a normed feature attends to all, with one head.

    Args:
        channels: Input and output channels.
        num_groups: Of the group norm.
    """

    def __init__(self, channels: int, num_groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(num_groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.projection = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        query, key, value = self.qkv(self.norm(x)).flatten(2).chunk(3, dim=1)
        weights = (query.transpose(1, 2) @ key * x.shape[1] ** -0.5).softmax(dim=-1)
        return x + self.projection((value @ weights.transpose(1, 2)).view_as(x))


class ScaledResidualBlock(BaseModule):
    """``scale * body(x) + shortcut(x)``, body: (GN-ReLU-conv3x3) twice with a dropout before the last convolution.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        num_groups: Of the group norms.
        dropout_ratio: Of the dropout.
        attention: Whether :class:`PixelAttention` follows.
    """

    def __init__(
        self, in_channels: int, out_channels: int, num_groups: int, dropout_ratio: float, attention: bool = False
    ) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.GroupNorm(num_groups, channels) for channels in (in_channels, out_channels))
        self.convs = nn.ModuleList(
            nn.Conv2d(channels, out_channels, 3, padding=1) for channels in (in_channels, out_channels)
        )
        self.dropout = nn.Dropout(dropout_ratio)
        self.scale = nn.Parameter(torch.ones(1, out_channels, 1, 1))
        self.shortcut = nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)
        self.attention = PixelAttention(out_channels, num_groups) if attention else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H, W)."""
        out = self.convs[0](F.relu(self.norms[0](x)))
        out = self.convs[1](self.dropout(F.relu(self.norms[1](out))))
        return self.attention(out * self.scale + self.shortcut(x))


class Upsample(BaseModule):
    """Twice the size (nearest), then a 3x3 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 2 H, 2 W)."""
        return self.conv(F.interpolate(x, scale_factor=2))


@MODELS.register_module()
class LRRNet(BaseModule):
    """Backbone and all else of LRRNet (Zhang et al., IEEE TGRS 2025), up to the target's logits.

    The image is embedded (u).  A U-Net like those of diffusion models compresses it and gives its low-rank background
    (b).  A residual block makes the target's feature y of ``u - b``.  Two times group norm, ReLU and a convolution
    follow: y gives the target's logits and ``y + b`` the reconstructed image, which training compares with the image
    (``mmirstd.UnfoldingHead``).  Equal to the official code (HaLongbao/LRRNet, models/LRRNet.py), which its authors
    wrote anew for the release.

    Args:
        in_channels: Channels of the image.
        channels: Channels of the levels, finest first, multiples of ``num_groups``.
        num_blocks: Residual blocks of a level on the way down; one more on the way up.
        num_groups: Of all group norms.
        dropout_ratio: Of the residual blocks.
        init_cfg: mmengine initialization; PyTorch's own by default, as in the official code.

    Raises:
        ValueError: In ``forward`` for a wrong channel count or image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (16, 32, 64, 128),
        num_blocks: int = 2,
        num_groups: int = 16,
        dropout_ratio: float = 0.2,
        init_cfg: dict | list[dict] | None = dict(type='mmirstd.PyTorchInit', within='LRRNet'),
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.divisor = 2 ** (len(channels) - 1)
        finest, deepest = channels[0], channels[-1]

        def block(before: int, after: int, attention: bool = False) -> ScaledResidualBlock:
            return ScaledResidualBlock(before, after, num_groups, dropout_ratio, attention)

        self.embedding = nn.Conv2d(in_channels, finest, 3, padding=1)
        self.entry = nn.Conv2d(finest, finest, 3, padding=1)
        self.downs = nn.ModuleList()
        current, skips = finest, [finest]  # channels of what the way up will see
        for i, width in enumerate(channels):
            for _ in range(num_blocks):
                self.downs.append(block(current, width))
                current = width
                skips.append(current)
            if i < len(channels) - 1:
                self.downs.append(nn.Conv2d(current, current, 3, stride=2, padding=1))
                skips.append(current)
        self.bottom = nn.Sequential(block(deepest, deepest, attention=True), block(deepest, deepest))
        self.ups = nn.ModuleList()
        for i, width in reversed(list(enumerate(channels))):
            for _ in range(num_blocks + 1):
                self.ups.append(block(skips.pop() + current, width))
                current = width
            if i > 0:
                self.ups.append(Upsample(current))
        self.target = block(finest, finest)
        self.norms = nn.ModuleList(nn.GroupNorm(num_groups, finest) for _ in range(2))
        self.outputs = nn.ModuleList(nn.Conv2d(finest, in_channels, 3, padding=1) for _ in range(2))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Image (B, in_channels, H, W) -> target's logits, reconstructed image and image, all of its shape."""
        image = check_image(self, image, self.in_channels, self.divisor)
        embedded = self.embedding(image)
        x = self.entry(embedded)
        skips = [x]
        for module in self.downs:
            x = module(x)
            skips.append(x)
        x = self.bottom(x)
        for module in self.ups:
            x = module(torch.cat([x, skips.pop()], dim=1) if isinstance(module, ScaledResidualBlock) else x)
        target = self.target(embedded - x)
        logits, reconstruction = (
            conv(F.relu(norm(feature))) for conv, norm, feature in zip(self.outputs, self.norms, (target, target + x))
        )
        return logits, reconstruction, image
