"""STMENet's encoding of the key frame together with the clip (EAAI 2025)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import global_mean
from .concat_fusion import ConcatFusion
from .gated_key import KAIMING_UNIFORM


class TwiceSqueezed(nn.Module):
    """Weighs channels by a small network on their mean, plus the same network on their maximum; each in (0, 1).

    Args:
        channels: Channels C.
        ratio: C over the network's hidden channels.
    """

    def __init__(self, channels: int, ratio: int = 4) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, channels // ratio, 1),
            nn.ReLU(),
            nn.Conv2d(channels // ratio, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return x * (self.mlp(global_mean(x)[:, :, None, None]) + self.mlp(F.adaptive_max_pool2d(x, 1)))


class StripAttention(nn.Module):
    """Self-refinement: a feature weighed by depthwise convolutions in strips of several lengths.

    One 1x1 convolution works at three places, as in the official code.

    Args:
        channels: Channels C.
        lengths: Of the strips.
    """

    def __init__(self, channels: int, lengths: Sequence[int] = (7, 11, 21)) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        self.squeeze = TwiceSqueezed(channels)
        self.near = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.strips = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, (1, length), padding=(0, length // 2), groups=channels),
                nn.Conv2d(channels, channels, (length, 1), padding=(length // 2, 0), groups=channels),
            )
            for length in lengths
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        x = self.squeeze(F.gelu(self.conv(x)))
        near = self.near(x)
        return self.conv(self.conv(sum((strip(near) for strip in self.strips), near)) * x)


class ChannelGram(nn.Module):
    """``x + gamma * attention(x)``: each channel attends to the channels least like itself (DANet, Fu et al., 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W), the attention in float32 or better.

        Energies are sums over all places.  Bfloat16 rounds their differences away, of which the softmax is made, and
        float16 ends at 65504.
        """
        if x.dtype.itemsize > 2:
            return x + self.gamma * self._attended(x)
        with torch.autocast(x.device.type, enabled=False):
            return x + self.gamma * self._attended(x.float()).to(x.dtype)

    @staticmethod
    def _attended(x: Tensor) -> Tensor:
        flat = x.flatten(2)
        energy = flat @ flat.transpose(1, 2)
        weights = (energy.amax(dim=-1, keepdim=True) - energy).softmax(dim=-1)
        return (weights @ flat).view_as(x)


class MixedEncoder(nn.Module):
    """Joins a level of the key frame with the clip's feature.

    Args:
        in_channels: Of the level.
        clip_channels: Of the clip's feature.
        channels: Of the result.
    """

    def __init__(self, in_channels: int, clip_channels: int, channels: int) -> None:
        super().__init__()
        layer = dict(norm_cfg=dict(type='BN'), act_cfg=dict(type='LeakyReLU', negative_slope=0.1))
        self.refine = StripAttention(clip_channels)
        self.mix = nn.Sequential(
            ConvModule(in_channels + clip_channels, channels, 1, **layer),
            ConvModule(channels, channels, 3, padding=1, **layer),
            ChannelGram(),
            ConvModule(channels, channels, 3, padding=1, **layer),
            nn.Dropout(0.1),
            nn.Conv2d(channels, channels, 1),
        )

    def forward(self, level: Tensor, clip: Tensor) -> Tensor:
        """(B, in_channels, H, W) and (B, clip_channels, h, w) -> (B, channels, H, W)."""
        clip = self.refine(F.interpolate(clip, level.shape[-2:], mode='nearest'))
        return self.mix(torch.cat([level, clip], dim=1))


@MODELS.register_module()
class STMENeck(BaseModule):
    """Mixed encoding of the key frame's levels with the clip's coarsest feature, and their fusion.

    Temporal neck of ``mmirstd.KeyFrameDetector``.  Source: STMENet (UESTC-nnLab/STME, model/STME.py); equal to the
    official code.

    Args:
        in_channels: Of the key frame's levels, finest first.
        clip_channels: Of the clip's coarsest feature.
        channels: Of the encoders and of the fusion.
        out_channels: After the last 1x1 convolution (the stem of the official YOLOX head).
        norm_cfg: Norm layer config of the fusion.
        act_cfg: Activation config of the fusion.
        init_cfg: mmengine initialization; mmdet's for YOLOX.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (128, 256, 512),
        clip_channels: int = 464,
        channels: int = 128,
        out_channels: int = 256,
        norm_cfg: dict = dict(type='BN', momentum=0.03, eps=0.001),
        act_cfg: dict = dict(type='SiLU', inplace=False),
        init_cfg: dict | Sequence[dict] | None = KAIMING_UNIFORM,
    ) -> None:
        super().__init__(init_cfg)
        self.encoders = nn.ModuleList(MixedEncoder(width, clip_channels, channels) for width in in_channels)
        self.fusion = ConcatFusion([channels] * len(in_channels), norm_cfg, act_cfg)
        self.out_conv = nn.Sequential(ConvModule(channels, out_channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg))

    def forward(self, key: Sequence[Tensor], clip: Sequence[Tensor]) -> tuple[Tensor]:
        """The coupled level.

        Args:
            key: Levels of the key frame (B, C_l, H / s, W / s), finest first.
            clip: Levels of the clip (B, C_l, T_l, h, w), of which the coarsest counts, its mean over time.

        Returns:
            One level (B, out_channels, H / 8, W / 8).
        """
        mean = clip[-1].mean(dim=2)
        return (self.out_conv(self.fusion([encode(level, mean) for encode, level in zip(self.encoders, key)])),)
