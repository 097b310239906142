"""What SSTNet's and Tridos's necks share: past frames that gate the key frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

# How mmdet initializes the parts of YOLOX.
KAIMING_UNIFORM = dict(
    type='Kaiming', layer='Conv2d', a=math.sqrt(5), distribution='uniform', mode='fan_in', nonlinearity='leaky_relu'
)

F = TypeVar('F', bound=Sequence)


class GatedKeyNeck(BaseModule):
    """A temporal neck whose past frames together make a sigmoid gate on the key frame, the last of T.

    Args:
        in_channels: Channels C of the one level.
        num_frames: Frames T of a clip, at least 2.
        out_channels: Channels after a last 1x1 convolution (in the official codes the stem of the YOLOX head, which
            mmdet leaves to the neck); None: no such convolution, C channels.
        gated_convs: Convolutions behind the gate.
        norm_cfg: Norm layer config.
        act_cfg: Activation config.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If ``num_frames`` is less than 2.
    """

    def __init__(
        self,
        in_channels: int,
        num_frames: int,
        out_channels: int | None,
        gated_convs: int,
        norm_cfg: dict,
        act_cfg: dict,
        init_cfg: dict | Sequence[dict] | None,
    ) -> None:
        super().__init__(init_cfg)
        if num_frames < 2:
            raise ValueError(
                f'num_frames is {num_frames}; motion needs at least 2 frames (a model of single frames '
                'is MultiFrameDetector with num_frames=1 and temporal_neck=None)'
            )
        self.in_channels = in_channels
        self.num_frames = num_frames
        self.out_channels = out_channels or in_channels
        self.norm_cfg = norm_cfg
        self.act_cfg = act_cfg
        channels, past = in_channels, num_frames - 1
        # Not mmengine's Sequential, which would have ConvModule initialize itself in place of init_cfg.
        self.gate = nn.Sequential(
            self.conv3x3(channels * past, channels * 2),
            self.conv3x3(channels * 2, channels, dict(type='Sigmoid')),
        )
        self.gated = nn.Sequential(*(self.conv3x3(channels, channels) for _ in range(gated_convs)))
        self.gated_mix = self.mix(channels * 2, channels * 2)

    def conv3x3(self, inner: int, outer: int, act_cfg: dict | None = None) -> ConvModule:
        """A convolution with norm and activation."""
        return ConvModule(inner, outer, 3, padding=1, norm_cfg=self.norm_cfg, act_cfg=act_cfg or self.act_cfg)

    def mix(self, inner: int, hidden: int) -> nn.Sequential:
        """Two convolutions that join features of ``inner`` channels together into C."""
        return nn.Sequential(self.conv3x3(inner, hidden), self.conv3x3(hidden, self.in_channels))

    def make_out_conv(self, out_channels: int | None) -> nn.Sequential:
        """The last 1x1 convolution, or nothing."""
        if out_channels is None:
            return nn.Sequential()
        return nn.Sequential(
            ConvModule(self.in_channels, out_channels, 1, norm_cfg=self.norm_cfg, act_cfg=self.act_cfg)
        )

    def gate_key(self, past: Sequence[Tensor], key: Tensor) -> Tensor:
        """The key frame's feature (B, C, h, w), gated by those of the T - 1 past frames and joined with itself."""
        gated = self.gated(self.gate(torch.cat(list(past), dim=1)) * key)
        return self.gated_mix(torch.cat([gated, key], dim=1))

    def check_frames(self, frames: F) -> F:
        """The frames, if there are as many as the neck was built for.

        Raises:
            ValueError: There are not.
        """
        if len(frames) != self.num_frames:
            raise ValueError(f'{type(self).__name__} was built for {self.num_frames} frames, got {len(frames)}')
        return frames

    def level(self, levels: Sequence[Tensor]) -> Tensor:
        """The one level of a frame.

        Raises:
            ValueError: There are more.
        """
        if len(levels) != 1:
            raise ValueError(
                f'{type(self).__name__} couples one level, got {len(levels)}; let the pyramid return one '
                '(CSPFPN: out_levels=(0,))'
            )
        return levels[0]
