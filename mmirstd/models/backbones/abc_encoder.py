"""ABC's encoder: convolutions and attention with a bilinear correlation (ICME 2023, arXiv 2303.10321)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import DilatedUBlock, biased_conv, check_image


class BilinearAttention(BaseModule):
    """Which rows of a feature look at which, one matrix a channel.

    Query and key are a map each (a 1x1 convolution), of which a linear layer makes one number for each ROW of the map;
    their outer product is spread to all channels and becomes weights by a softmax.

    The linear layer sees all pixels of the map at once and so belongs to one size of square image.  At another size its
    weights are interpolated over the map's rows and columns and scaled by the number of pixels.

    Args:
        channels: Channels of the feature.
        size: Height and width of the feature.
    """

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.query = nn.Conv2d(channels, 1, 1)
        self.key = nn.Conv2d(channels, 1, 1)
        self.query_rows = nn.Linear(size**2, size)
        self.key_rows = nn.Linear(size**2, size)
        self.spread = nn.Conv2d(1, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, H), rows sum to 1."""
        query = self._rows(self.query(x), self.query_rows)
        key = self._rows(self.key(x), self.key_rows)
        return self.spread((query[:, :, None] * key[:, None])[:, None]).softmax(dim=-1)

    def _rows(self, image: Tensor, rows: nn.Linear) -> Tensor:
        """(B, 1, H, W) -> (B, H)."""
        height, width = image.shape[2:]
        weight: Tensor = rows.weight
        bias: Tensor = rows.bias
        if (height, width) != (self.size, self.size):
            cube = weight.view(1, 1, self.size, self.size, self.size)
            cube = F.interpolate(cube, size=(height, height, width), mode='trilinear', align_corners=False)
            weight = cube.view(height, height * width) * (self.size**2 / (height * width))
            bias = F.interpolate(bias[None, None], size=height, mode='linear', align_corners=False)[0, 0]
        return F.linear(image.flatten(1), weight, bias)


class ConvLinearTransformer(BaseModule):
    """Convolution linear fusion transformer (CLFT): convolved features attend by rows, then a feed-forward block.

    ``v`` is the sum of three plain and three dilated convolutions; ``gamma * (attention @ v) + v + x`` follows, with a
    gate that starts at 0, then a 3x3 beside a 1x1 convolution.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        size: Height and width of the feature, see :class:`BilinearAttention`.
        norm_cfg: Norm layer config.
    """

    def __init__(self, in_channels: int, out_channels: int, size: int, norm_cfg: dict) -> None:
        super().__init__()
        self.plain = Sequential(*(biased_conv(in_channels, in_channels, 3, norm_cfg) for _ in range(3)))
        self.dilated = Sequential(*(biased_conv(in_channels, in_channels, 3, norm_cfg, dilation=d) for d in (2, 4, 2)))
        self.attention = BilinearAttention(in_channels, size)
        self.gamma = nn.Parameter(torch.zeros(1))
        self.wide = biased_conv(in_channels, out_channels, 3, norm_cfg)
        self.pointwise = biased_conv(in_channels, out_channels, 1, norm_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H, W)."""
        value = self.plain(x) + self.dilated(x)
        x = self.gamma * (self.attention(x) @ value) + value + x
        return self.pointwise(x) + self.wide(x)


@MODELS.register_module()
class ABCEncoder(BaseModule):
    """Encoder of ABC (Pan et al., ICME 2023, arXiv 2303.10321), with a 2x2 max pool between its levels.

    Two convolutions, three :class:`ConvLinearTransformer`, and a :class:`~mmirstd.models.layers.DilatedUBlock` as the
    deepest level.  Equal to the official code (PANPEIWEN/ABC, model/ABC/ABCNet.py), which works at ONE square size of
    image; here other sizes work by interpolated weights, and a warning says so once.

    Args:
        in_channels: Channels of the image; a one-channel image is repeated if there are more.
        channels: Channels of the levels, finest first.  The authors' forms start with 16 (CLFT-S), 32 (B) and 64 (L).
        image_size: Height and width of the images that the attention's weights belong to, a multiple of 16.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; PyTorch's own by default, as in the official code.

    Raises:
        ValueError: In ``forward`` for a wrong channel count or image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (32, 64, 128, 256, 512),
        image_size: int = 256,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | list[dict] | None = dict(type='mmirstd.PyTorchInit', within='ABCEncoder'),
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.image_size = image_size
        finest, *middle, deepest = channels
        self.pool = nn.MaxPool2d(2, 2)
        self.stages = nn.ModuleList(
            [Sequential(biased_conv(in_channels, finest, 3, norm_cfg), biased_conv(finest, finest, 3, norm_cfg))]
        )
        for i, (before, after) in enumerate(zip(channels, middle), 1):
            self.stages.append(ConvLinearTransformer(before, after, image_size >> i, norm_cfg))
        self.stages.append(DilatedUBlock(middle[-1], deepest, norm_cfg))
        self._warned = False

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B, 1 or in_channels, H, W) -> features, finest first, level ``i`` at stride ``2**i``."""
        x = check_image(self, image, self.in_channels, 2 ** (len(self.stages) - 1))
        if tuple(x.shape[2:]) != (self.image_size, self.image_size) and not self._warned:
            self._warned = True
            warnings.warn(
                f'ABCEncoder(image_size={self.image_size}) got images of {x.shape[2]}x{x.shape[3]} pixels: the weights '
                'of its attention are interpolated. The published way is to resize images '
                f'(mmirstd test --eval-size {self.image_size})',
                stacklevel=2,
            )
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(self.pool(x) if i else x)
            outs.append(x)
        return tuple(outs)
