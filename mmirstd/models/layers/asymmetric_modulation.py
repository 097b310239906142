"""Asymmetric contextual modulation (Dai et al., WACV 2021): gates between a deep and a shallow feature."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from .conv import biased_conv


class ContextGate(BaseModule):
    """Gate in (0, 1) from a two-layer pointwise bottleneck: conv1x1-BN-ReLU-conv1x1-BN-sigmoid.

    Args:
        channels: Input and output channels.
        ratio: Reduction of the hidden layer; its width is ``channels // ratio``.
        pooled: Gate from the global average (one weight a channel) instead of one weight a channel and pixel.
        norm_cfg: Norm layer config.
        bias: Whether the convolutions have biases although a norm follows.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If fewer than ``ratio`` channels are given (the hidden layer would be empty).
    """

    def __init__(
        self,
        channels: int,
        ratio: int = 4,
        pooled: bool = False,
        norm_cfg: dict = dict(type='BN'),
        bias: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if channels < ratio:
            raise ValueError(f'ContextGate needs at least ratio={ratio} channels, got {channels}')
        self.pooled = pooled
        conv = biased_conv if bias else partial(ConvModule, bias=False)
        self.reduce = conv(channels, channels // ratio, 1, norm_cfg=norm_cfg)
        self.expand = conv(channels // ratio, channels, 1, norm_cfg=norm_cfg, act_cfg=None)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W), or (B, C, 1, 1) if pooled; in (0, 1)."""
        if self.pooled:
            x = F.adaptive_avg_pool2d(x, 1)
        return torch.sigmoid(self.expand(self.reduce(x)))


class AsymmetricModulation(BaseModule):
    """Fuses a deep and a shallow feature, each modulated by a gate from the other.

    ``conv3x3-BN-ReLU(2 * low * g(high) + 2 * high * l(low))``: the top-down gate ``g`` is global (semantics has no
    place), the bottom-up gate ``l`` is pointwise (a target is a few pixels).  Source: ACM, arXiv 2009.14530, section
    3.2; the ablations "BiLocal" and "BiGlobal" set both gates alike.

    Args:
        high_channels: Channels of the deep feature, which must have the shallow one's size.
        channels: Channels of the shallow feature and of the result.
        ratio: Reduction of the gates.
        project: Bring the deep feature to ``channels`` by conv1x1-BN-ReLU first; needed where the channels differ.
        global_top_down: Whether the gate from the deep feature is pooled.
        global_bottom_up: Whether the gate from the shallow feature is pooled.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.

    Raises:
        ValueError: If the channels differ and ``project`` is off.
    """

    def __init__(
        self,
        high_channels: int,
        channels: int,
        ratio: int = 4,
        project: bool = True,
        global_top_down: bool = True,
        global_bottom_up: bool = False,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not project and high_channels != channels:
            raise ValueError(
                f'AsymmetricModulation needs project=True to fuse {high_channels} with {channels} channels'
            )
        self.project = biased_conv(high_channels, channels, 1, norm_cfg) if project else nn.Identity()
        self.top_down = ContextGate(channels, ratio, global_top_down, norm_cfg)
        self.bottom_up = ContextGate(channels, ratio, global_bottom_up, norm_cfg)
        self.post = biased_conv(channels, channels, 3, norm_cfg)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, high_channels, H, W), (B, channels, H, W) -> (B, channels, H, W)."""
        high = self.project(high)
        return self.post(2 * low * self.top_down(high) + 2 * high * self.bottom_up(low))
