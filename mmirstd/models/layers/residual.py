"""Residual blocks: those of the GGL-Net family, and stages of stock ones."""

from __future__ import annotations

from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule, Sequential
from mmseg.models.backbones.resnet import BasicBlock
from mmseg.models.utils import ResLayer
from torch import Tensor, nn

from .conv import biased_conv
from .squeeze_excitation import SqueezeExcitation


class ResidualBlock(BaseModule):
    """``ReLU(body(x) + shortcut(x))`` with a two-convolution body, in the three forms GGL-Net's encoder uses.

    * plain: conv3x3-BN-ReLU-conv3x3-BN, identity shortcut;
    * ``downsample=True``: a 2x2 max pool before the body's second convolution and a stride-2
      conv3x3-BN-ReLU shortcut; the output is half as large;
    * ``se_ratio``: squeeze-and-excitation before the body's second convolution, identity shortcut.

    Args:
        in_channels: Input channels.
        out_channels: Output channels; must equal ``in_channels`` unless ``downsample``.
        downsample: Halve height and width.
        se_ratio: Reduction of the squeeze-and-excitation; None leaves it out.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If the identity shortcut does not fit the channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        downsample: bool = False,
        se_ratio: int | None = None,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not downsample and in_channels != out_channels:
            raise ValueError(
                f'an identity shortcut needs equal channels, got {in_channels} -> {out_channels}; '
                'set downsample=True for a convolutional shortcut'
            )
        middle: nn.Module = nn.Identity()
        if downsample:
            middle = nn.MaxPool2d(2, 2)
        elif se_ratio is not None:
            middle = SqueezeExcitation(out_channels, se_ratio)
        self.body = Sequential(
            biased_conv(in_channels, out_channels, 3, norm_cfg),
            middle,
            biased_conv(out_channels, out_channels, 3, norm_cfg, act_cfg=None),
        )
        self.shortcut = biased_conv(in_channels, out_channels, 3, norm_cfg, stride=2) if downsample else nn.Identity()
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H or H/2, W or W/2)."""
        return self.act(self.body(x) + self.shortcut(x))


def basic_stage(
    in_channels: int,
    out_channels: int,
    num_blocks: int,
    stride: int = 1,
    norm_cfg: dict = dict(type='BN'),
    shortcut_norm_cfg: dict | None = None,
) -> ResLayer:
    """Stage of ResNet's basic blocks, mmseg's own.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        num_blocks: Number of blocks.
        stride: Of the first block.
        norm_cfg: Norm layer config.
        shortcut_norm_cfg: Another one for the norm of the first block's shortcut: BasicIRSTD's ACM and ALCNet have
            another momentum there.
    """
    stage = ResLayer(BasicBlock, in_channels, out_channels, num_blocks, stride=stride, norm_cfg=norm_cfg)
    if shortcut_norm_cfg is not None and stage[0].downsample is not None:
        stage[0].downsample[1] = build_norm_layer(shortcut_norm_cfg, out_channels)[1]
    return stage
