"""RDIAN's direction attention and multi-scale branches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, check_image

_LEAKY = dict(type='LeakyReLU', negative_slope=0.01)


def direction_contrast(image: Tensor, distance: int = 2) -> Tensor:
    """Contrast of each pixel with its surroundings, summed over four axes.

    For the eight neighbors ``d`` pixels away (row, column and diagonal) the pixel minus the neighbor (0 outside the
    image); opposite differences are multiplied: positive where a pixel stands out, or is a hole, on both sides.

    Args:
        image: Shape (B, 1, H, W).
        distance: ``d`` in pixels.

    Returns:
        Shape (B, 1, H, W), in squared units of the image.
    """
    height, width = image.shape[2:]
    padded = F.pad(image, (distance,) * 4)

    def difference(dy: int, dx: int) -> Tensor:
        top, left = distance * (1 + dy), distance * (1 + dx)
        return image - padded[..., top : top + height, left : left + width]

    axes = ((-1, -1), (-1, 0), (-1, 1), (0, 1))
    return cast(Tensor, sum(difference(dy, dx) * difference(-dy, -dx) for dy, dx in axes))


class BottleneckResidual(BaseModule):
    """``x + conv-BN-LeakyReLU(conv-BN-LeakyReLU(x))`` with half the channels between, both of one kernel size."""

    def __init__(self, channels: int, kernel_size: int, norm_cfg: dict) -> None:
        super().__init__()
        kwargs = dict(padding=kernel_size // 2, norm_cfg=norm_cfg, act_cfg=_LEAKY)
        self.body = Sequential(
            ConvModule(channels, channels // 2, kernel_size, **kwargs),
            ConvModule(channels // 2, channels, kernel_size, **kwargs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return x + self.body(x)


@MODELS.register_module()
class RDIANEncoder(BaseModule):
    """Receptive-field and direction induced encoder of RDIAN.

    The stem's feature is weighted by ``1 + sigmoid(direction contrast)``, halved in size, and passes four residual
    branches of different kernel sizes side by side, whose concatenation a 3x3 convolution merges.

    Source: RDIAN (Sun et al., IEEE TGRS 2023); equal to BasicIRSTD's code (``model/RDIAN/model_RDIAN.py``), where the
    contrast is eight fixed 5x5 kernels.

    Args:
        in_channels: Channels of the stem's input; a one-channel image is repeated if there are more.
        stem_channels: Channels of the stem.
        channels: Channels of the branches and of the result.
        kernel_sizes: Of the branches.
        num_blocks: Residual blocks of the branches.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: In ``forward`` for a wrong channel count.
    """

    def __init__(
        self,
        in_channels: int = 1,
        stem_channels: int = 16,
        channels: int = 32,
        kernel_sizes: Sequence[int] = (1, 3, 5, 7),
        num_blocks: Sequence[int] = (1, 2, 2, 2),
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        self.in_channels = in_channels
        kwargs = dict(padding=1, norm_cfg=norm_cfg, act_cfg=_LEAKY)
        self.stem = ConvModule(in_channels, stem_channels, 3, **kwargs)
        self.down = ConvModule(stem_channels, channels, 3, stride=2, **kwargs)
        self.branches = nn.ModuleList(
            Sequential(*(BottleneckResidual(channels, size, norm_cfg) for _ in range(blocks)))
            for size, blocks in zip(kernel_sizes, num_blocks)
        )
        self.merge = ConvModule(len(self.branches) * channels, channels, 3, **kwargs)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Image (B, 1 or in_channels, H, W) -> stem (B, 16, H, W) and merged branches (B, 32, H / 2, W / 2)."""
        image = check_image(self, image, self.in_channels, divisor=1)
        # The channels of a gray image are equal: one of them is enough.
        weight = torch.sigmoid(direction_contrast(image[:, :1]))
        stem = self.stem(image)
        x = self.down(stem + stem * weight)
        return stem, self.merge(torch.cat([branch(x) for branch in self.branches], dim=1))
