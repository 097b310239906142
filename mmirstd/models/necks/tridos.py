"""Tridos's neck: space, time and frequency (TGRS 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import CBAMResidualBlock, NonLocalBlock, biased_conv
from ..layers.spectral_filter import SpectralFilter
from ..layers.video_swin import SwinBlock3D
from .gated_key import KAIMING_UNIFORM, GatedKeyNeck

PRELU = dict(type='PReLU')


def prelu_conv(inner: int, outer: int) -> ConvModule:
    """A convolution of 3x3 with a bias and PReLU, without norm."""
    return biased_conv(inner, outer, 3, None, act_cfg=PRELU)


class PReLUResidual(nn.Module):
    """Two convolutions and a shortcut; the same PReLU behind the first convolution and behind the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.act = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return self.act(self.conv2(self.act(self.conv1(x))) + x)


class FrameDifference(nn.Module):
    """The key frame's feature, complemented by the differences of successive frames at half the resolution.

    Source: Tridos (``TDM_S``).

    Args:
        channels: Channels C, even.
        num_frames: Frames T.
    """

    def __init__(self, channels: int, num_frames: int) -> None:
        super().__init__()
        self.difference = prelu_conv(channels, channels // 2)
        self.join = prelu_conv((num_frames - 1) * (channels // 2), channels)
        self.motion = nn.Sequential(PReLUResidual(channels), prelu_conv(channels, channels))
        self.complement = nn.Sequential(PReLUResidual(channels), prelu_conv(channels, channels))

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """T features (B, C, H, W), the key frame's last -> (B, C, H, W)."""
        pairs = torch.cat([first - second for first, second in zip(feats, feats[1:])])
        differences = F.avg_pool2d(self.difference(pairs), 2).chunk(len(feats) - 1)
        joined = self.join(torch.cat(differences, dim=1))
        size = feats[-1].shape[-2:]
        raw, motion = (
            F.interpolate(x, size=size, mode='bilinear', align_corners=True) for x in (joined, self.motion(joined))
        )
        return 0.5 * self.complement(0.5 * feats[-1] + 0.5 * raw) + 0.5 * motion


class SpaceMemory(nn.Module):
    """Each place of the key frame reads a memory of all places by attention.

    Source: Tridos (``KeyValue_Q``, ``KeyValue_M`` and ``MemoryReader``).

    Args:
        channels: Channels C, even; keys have half of them.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query_key, self.memory_key = (nn.Conv2d(channels, channels // 2, 3, padding=1) for _ in range(2))
        self.query_value, self.memory_value = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.reduce = ConvModule(2 * channels, channels, 1, norm_cfg=dict(type='BN'))

    def forward(self, query: Tensor, memory: Tensor) -> Tensor:
        """Two features (B, C, H, W) -> (B, C, H, W)."""
        queries, keys, values = (
            conv(x).flatten(2).transpose(1, 2).unsqueeze(1)  # (B, one head, H * W, channels)
            for conv, x in ((self.query_key, query), (self.memory_key, memory), (self.memory_value, memory))
        )
        read = F.scaled_dot_product_attention(queries, keys, values).squeeze(1).transpose(1, 2)
        return self.reduce(torch.cat([read.reshape(query.shape), self.query_value(query)], dim=1))


class TridosState(NamedTuple):
    """What the neck keeps of one frame.

    Attributes:
        feat: (B, C, h, w), the frame's features.
        filtered: (B, C, h, w), the same behind the filter in the frequency domain.
    """

    feat: Tensor
    filtered: Tensor


@MODELS.register_module()
class TridosNeck(GatedKeyNeck):
    """Couples T frames, the key frame last, in three domains.

    Space: past frames gate the key frame, which then reads a memory made of the result.  Time: differences of
    successive frames, and attention over all frames.  Frequency: a filter of each frame's spectrum.

    Source: Tridos (UESTC-nnLab/Tridos, nets/slowfastnet_9520.py); equal to the official code.

    Args:
        in_channels: Channels C of the one level, a multiple of 16.
        num_frames: Frames T of a clip, at least 2.
        out_channels: See :class:`GatedKeyNeck`.
        window: Side of the attention's windows, which hold all T frames.
        num_heads: Of the attention.
        norm_cfg: Norm layer config.
        act_cfg: Activation config.
        init_cfg: mmengine initialization; mmdet's for YOLOX.

    Raises:
        ValueError: If ``num_frames`` is less than 2.
    """

    def __init__(
        self,
        in_channels: int = 128,
        num_frames: int = 5,
        out_channels: int | None = None,
        window: int = 4,
        num_heads: int = 4,
        norm_cfg: dict = dict(type='BN', momentum=0.03, eps=0.001),
        act_cfg: dict = dict(type='SiLU', inplace=False),
        init_cfg: dict | Sequence[dict] | None = KAIMING_UNIFORM,
    ) -> None:
        super().__init__(in_channels, num_frames, out_channels, 1, norm_cfg, act_cfg, init_cfg)
        channels, all_frames = in_channels, in_channels * num_frames
        self.relate = NonLocalBlock(channels)
        self.memory = SpaceMemory(channels)
        self.difference = FrameDifference(channels, num_frames)
        self.motion_mix = self.mix(channels * 2, channels * 2)
        self.spectrum = SpectralFilter(channels)
        self.spectrum_mix = self.mix(all_frames, all_frames)
        self.attention = nn.Sequential(
            *(
                SwinBlock3D(channels, num_heads, (num_frames, window, window), shifted, qkv_bias=False)
                for shifted in (False, True)
            )
        )
        self.attention_mix = self.mix(all_frames, channels * 2)
        self.spectrum_join = CBAMResidualBlock(channels * 2, channels)
        self.attention_join = CBAMResidualBlock(channels * 2, channels)
        self.join = CBAMResidualBlock(channels * 2, channels)
        self.out_conv = self.make_out_conv(out_channels)

    def forward(self, frames: Sequence[Sequence[Tensor]]) -> tuple[Tensor]:
        """Couple the features of a clip.

        Args:
            frames: For each of the T frames, the key frame last, the one level of its pyramid, (B, C, h, w).

        Returns:
            The coupled level, (B, out_channels, h, w).

        Raises:
            ValueError: If the number of frames or levels is another one than the neck was built for.
        """
        feats = [self.level(levels) for levels in self.check_frames(frames)]
        filtered = self.spectrum(torch.cat(feats)).chunk(len(feats))
        return self.couple([TridosState(*state) for state in zip(feats, filtered)])

    def frame_state(self, levels: Sequence[Tensor]) -> TridosState:
        """What :meth:`couple` needs of one frame, computed once however many clips contain the frame.

        Args:
            levels: The one level of the frame's pyramid, (B, C, h, w).
        """
        feat = self.level(levels)
        return TridosState(feat, self.spectrum(feat))

    def couple(self, states: Sequence[TridosState]) -> tuple[Tensor]:
        """The result of :meth:`forward` from the states of the T frames, key last.

        Raises:
            ValueError: If the number of states is not T.
        """
        feats, filtered = zip(*self.check_frames(states))
        *past, key = feats
        remembered = self.memory(key, self.relate(self.gate_key(past, key)))
        moving = self.motion_mix(torch.cat([remembered, self.difference(feats)], dim=1))
        in_spectrum = self.spectrum_join(torch.cat([self.spectrum_mix(torch.cat(filtered, dim=1)), moving], dim=1))
        # The official code's windows have columns before rows.
        attended = self.attention(torch.stack(filtered, dim=1).permute(0, 1, 4, 3, 2)).permute(0, 1, 4, 3, 2)
        in_time = self.attention_join(torch.cat([self.attention_mix(attended.flatten(1, 2)), moving], dim=1))
        return (self.out_conv(self.join(torch.cat([in_spectrum, in_time], dim=1))),)
