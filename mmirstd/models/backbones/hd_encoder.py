"""HDNet's encoder: atrous contrast at the beginning of every stage (IEEE TGRS 2025)."""

from __future__ import annotations

from typing import Any

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import CBAMResidualBlock, biased_conv, cbam_residual_layer, check_image
from .cbam_residual_encoder import CBAMResidualEncoder

# Center minus the mean of its neighbors, their mean, and minus the mean of the neighbors alone.
CONTRAST = [[-1 / 8, -1 / 8, -1 / 8], [-1 / 8, 1.0, -1 / 8], [-1 / 8, -1 / 8, -1 / 8]]
MEAN = [[1 / 9, 1 / 9, 1 / 9]] * 3
MINUS_NEIGHBORS = [[-1 / 8, -1 / 8, -1 / 8], [-1 / 8, 0.0, -1 / 8], [-1 / 8, -1 / 8, -1 / 8]]


class StartedConv2d(nn.Conv2d):
    """Depthwise convolution that starts with a given kernel and learns from there.

    Args:
        channels: Input and output channels.
        kernel: Rows of the kernel at the start, the same for all channels.
        dilation: Of the convolution.
    """

    def __init__(self, channels: int, kernel: list[list[float]], dilation: int) -> None:
        self.start = kernel
        super().__init__(channels, channels, 3, padding=dilation, dilation=dilation, groups=channels)

    def reset_parameters(self) -> None:
        """Set the kernel; the bias as PyTorch does."""
        super().reset_parameters()
        with torch.no_grad():
            self.weight.copy_(torch.tensor(self.start).expand_as(self.weight))


class AtrousContrast(BaseModule):
    """Multi-scale atrous contrast (MAC): quarters of the channels pass contrast kernels, one after the other.

    The first quarter passes untouched; the others are contrasts with the neighbors, with neighbors two pixels away, and
    of a mean with neighbors two pixels away, each on its quarter plus the contrast before.  conv1x1-BN before and
    conv3x3-BN-ReLU after, with a residual connection around the contrasts.

    Args:
        in_channels: Input channels.
        channels: Output channels, divisible by 4.
        norm_cfg: Norm layer config.

    Raises:
        ValueError: If ``channels`` is not divisible by 4.
    """

    def __init__(self, in_channels: int, channels: int, norm_cfg: dict) -> None:
        super().__init__()
        if channels % 4:
            raise ValueError(f'AtrousContrast needs channels divisible by 4, got {channels}')
        part = channels // 4

        def norm() -> nn.Module:
            return build_norm_layer(norm_cfg, part)[1]

        self.enter = biased_conv(in_channels, channels, 1, norm_cfg, act_cfg=None)
        self.near = nn.Sequential(StartedConv2d(part, CONTRAST, 1), norm())
        self.far = nn.Sequential(StartedConv2d(part, CONTRAST, 2), norm())
        self.mean = StartedConv2d(part, MEAN, 1)
        self.minus_far = StartedConv2d(part, MINUS_NEIGHBORS, 2)
        self.norm = norm()
        self.leave = biased_conv(channels, channels, 3, norm_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels, H, W)."""
        x = self.enter(x)
        first, second, third, fourth = x.chunk(4, dim=1)
        second = self.near(second).relu()
        third = self.far(third + second).relu()
        fourth = fourth + third
        fourth = self.norm(self.mean(fourth) + self.minus_far(fourth)).relu()
        return (self.leave(torch.cat([first, second, third, fourth], dim=1)) + x).relu()


@MODELS.register_module()
class HDEncoder(CBAMResidualEncoder):
    """MSHNet's encoder with atrous contrast in place of each stage's first block, and one filtered image beside it.

    Source: HDNet (Xu et al., IEEE TGRS 2025); equal to the official code (xumingzhu989/HDNet-TGRS, ``model/HDNet.py``).
    The image feature is what ``mmirstd.HDHead`` filters.

    Args:
        in_channels: Channels of the image; a gray image is repeated for more than one.
        **kwargs: As for :class:`CBAMResidualEncoder`.
    """

    def __init__(self, in_channels: int = 1, **kwargs: Any) -> None:
        super().__init__(in_channels, **kwargs)
        self.image_branch = CBAMResidualBlock(
            in_channels, 1, cbam_ratio=self.cbam_ratio, norm_cfg=self.norm_cfg, act_cfg=self.act_cfg, project=True
        )

    def build_stage(self, in_channels: int, out_channels: int, num_blocks: int, index: int) -> nn.Module:
        """See :class:`CBAMResidualEncoder`."""
        rest = cbam_residual_layer(
            out_channels, out_channels, num_blocks - 1, self.cbam_ratio, self.norm_cfg, self.act_cfg
        )
        return Sequential(AtrousContrast(in_channels, out_channels, self.norm_cfg), *rest)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image -> features as :class:`CBAMResidualEncoder`, then the image feature (B, 1, H, W)."""
        image = check_image(self, image, self.in_channels, 1)
        return (*super().forward(image), self.image_branch(image))
