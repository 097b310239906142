"""ShuffleNetV2 in time and space, plain and of temporal differences."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers.temporal_difference import TemporalDifferenceConv3d


def conv_3d(
    in_channels: int,
    out_channels: int,
    kernel: tuple[int, int, int],
    stride: tuple[int, int, int] = (1, 1, 1),
    groups: int = 1,
    relu: bool = True,
) -> ConvModule:
    """A convolution in time and space with batch norm, and ReLU unless told otherwise."""
    return ConvModule(
        in_channels,
        out_channels,
        kernel,
        stride,
        padding=tuple(side // 2 for side in kernel),
        groups=groups,
        conv_cfg=dict(type='Conv3d'),
        norm_cfg=dict(type='BN3d'),
        act_cfg=dict(type='ReLU') if relu else None,
    )


class ShuffleUnit3D(nn.Module):
    """ShuffleNetV2's unit: one half of the channels passes (or is reduced), the other is convolved; then a shuffle.

    Args:
        in_channels: Input channels.
        out_channels: Output channels, even.
        halve: Halve time, rows and columns; else the channels stay as many.
        kernel: Of the depthwise convolution.
        difference: The depthwise convolution is one of temporal differences.
    """

    def __init__(
        self, in_channels: int, out_channels: int, halve: bool, kernel: tuple[int, int, int], difference: bool
    ) -> None:
        super().__init__()
        half = out_channels // 2
        stride = (2, 2, 2) if halve else (1, 1, 1)
        entering = in_channels if halve else half

        def depthwise(channels: int) -> nn.Module:
            if difference:
                return TemporalDifferenceConv3d(channels, channels, stride, channels)
            return conv_3d(channels, channels, kernel, stride, channels, relu=False)

        self.shortcut = nn.Sequential(depthwise(entering), conv_3d(entering, half, (1, 1, 1))) if halve else None
        self.branch = nn.Sequential(conv_3d(entering, half, (1, 1, 1)), depthwise(half), conv_3d(half, half, (1, 1, 1)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, T, H, W) -> (B, out_channels, T', H', W')."""
        first, second = x.chunk(2, dim=1) if self.shortcut is None else (self.shortcut(x), x)
        # Channels of both halves in turn.
        return torch.stack([first, self.branch(second)], dim=2).flatten(1, 2)


@MODELS.register_module()
class ShuffleNet3D(BaseModule):
    """ShuffleNetV2 of 3-D convolutions on clips, as STMENet and TDCNet have it.

    Time is halved by the pooling and by each stage, like rows and columns after the first convolution: 5 frames
    become 3, 2, 1, 1.

    Sources: STMENet (UESTC-nnLab/STME, model/backbone3d.py) and TDCNet (IVPLaboratory/TDCNet, backbone3d.py and
    backbonetd.py); equal to the official codes, which begin with weights of Kinetics (not for TDCNet).

    Args:
        in_channels: Channels of a frame.
        channels: Of the first convolution and of the three stages.
        depths: Units of the stages.
        time_kernel: Frames that a spatial convolution sees, odd.
        difference: Convolutions of temporal differences (over 5 frames) in place of plain ones: TDCNet's second
            backbone.
        init_cfg: mmengine initialization; None: PyTorch's own.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (24, 116, 232, 464),
        depths: Sequence[int] = (4, 8, 4),
        time_kernel: int = 3,
        difference: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if difference and time_kernel != 5:
            raise ValueError(f'ShuffleNet3D: time_kernel is {time_kernel}; differences are those of 5 frames')
        kernel, stride = (time_kernel, 3, 3), (1, 2, 2)
        width = channels[0]
        self.stem: nn.Module = (
            TemporalDifferenceConv3d(in_channels, width, stride)
            if difference
            else conv_3d(in_channels, width, kernel, stride)
        )
        self.pool = nn.MaxPool3d(3, 2, 1)
        self.stages = nn.ModuleList(
            nn.Sequential(
                *(
                    ShuffleUnit3D(before if not unit else after, after, not unit, kernel, difference)
                    for unit in range(depth)
                )
            )
            for before, after, depth in zip(channels, channels[1:], depths)
        )

    def forward(self, clips: Tensor) -> tuple[Tensor, ...]:
        """(B, C, T, H, W) -> the stages' features (B, C_l, T_l, H / s, W / s), s = 8, 16, 32."""
        x = self.pool(self.stem(clips))
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        return tuple(levels)
