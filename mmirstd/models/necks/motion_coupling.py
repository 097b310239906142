"""SSTNet's motion-coupling neck: the key frame's features, coupled with those of past frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional

from mmirstd.registry import MODELS

# How mmdet initializes the parts of YOLOX.
KAIMING_UNIFORM = dict(
    type='Kaiming', layer='Conv2d', a=math.sqrt(5), distribution='uniform', mode='fan_in', nonlinearity='leaky_relu'
)


class FrameState(NamedTuple):
    """What the neck keeps of one frame while it may still be seen as a past frame.

    Attributes:
        feat: (B, C, h, w), the frame's features.
        as_past: (B, 2C, h, w), what the frame adds to the first pairwise convolution as the past frame of a pair.
    """

    feat: Tensor
    as_past: Tensor


@MODELS.register_module()
class MotionCouplingNeck(BaseModule):
    """Motion-coupling neck over T frames, the key frame last.

    Two paths meet in a last pair of convolutions: (1) all past frames together make a sigmoid gate on the key
    frame; (2) each past frame is convolved together with the key frame, by the same weights, and the results are
    summed with one learned weight a frame.

    Source: SSTNet (UESTC-nnLab/SSTNet, nets/Network.py, ``Motion_coupling_Neck``); equal to the official code.
    Its optimizer never updates the frames' weights (they are in none of its parameter groups); here they learn.

    Args:
        in_channels: Channels C of the one level.
        num_frames: Frames T of a clip, at least 2.
        out_channels: Channels after a last 1x1 convolution (in the official code the stem of the YOLOX head, which
            mmdet leaves to the neck); None: no such convolution, C channels.
        fold_frames: In training, put the pairs of path (2) into the batch, so that batch norm has statistics over all
            of them; False: one pair after the other, as the official code does.  No difference in eval mode.
        official_unused: Also make the weight of the key frame, which the official code has and never uses.  It gets
            no gradient.  Only for exchanging checkpoints with the official code.
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
        fold_frames: bool = True,
        official_unused: bool = False,
        norm_cfg: dict = dict(type='BN', momentum=0.03, eps=0.001),
        act_cfg: dict = dict(type='SiLU', inplace=False),
        init_cfg: dict | Sequence[dict] | None = KAIMING_UNIFORM,
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
        self.fold_frames = fold_frames

        def conv3x3(inner: int, outer: int, act: dict = act_cfg) -> ConvModule:
            return ConvModule(inner, outer, 3, padding=1, norm_cfg=norm_cfg, act_cfg=act)

        channels, past = in_channels, num_frames - 1
        # Not mmengine's Sequential, which would have ConvModule initialize itself in place of init_cfg.
        self.gate = nn.Sequential(
            conv3x3(channels * past, channels * 2), conv3x3(channels * 2, channels, dict(type='Sigmoid'))
        )
        self.gated = nn.Sequential(conv3x3(channels, channels), conv3x3(channels, channels))
        self.gated_mix = nn.Sequential(conv3x3(channels * 2, channels * 2), conv3x3(channels * 2, channels))
        self.pair = nn.Sequential(conv3x3(channels * 2, channels * 2), conv3x3(channels * 2, channels))
        self.pair_weights = nn.ParameterList(
            nn.Parameter(torch.tensor([0.25])) for _ in range(past + int(official_unused))
        )
        self.pair_mix = nn.Sequential(conv3x3(channels, channels), conv3x3(channels, channels))
        self.final = nn.Sequential(conv3x3(channels * 2, channels * 2), conv3x3(channels * 2, channels))
        self.out_conv = (
            nn.Sequential()
            if out_channels is None
            else nn.Sequential(ConvModule(channels, out_channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg))
        )

    def forward(self, frames: Sequence[Sequence[Tensor]]) -> tuple[Tensor]:
        """Couple the features of a clip.

        Args:
            frames: For each of the T frames, the key frame last, the one level of its pyramid, (B, C, h, w).

        Returns:
            The coupled level, (B, out_channels, h, w).

        Raises:
            ValueError: If the number of frames or levels is another one than the neck was built for.
        """
        *past, key = [self._level(levels) for levels in self._check(frames)]
        if self.fold_frames or not self.training:
            pairs = torch.cat([torch.cat(past), key.repeat(len(past), 1, 1, 1)], dim=1)
            coupled = self.pair(pairs).chunk(len(past))
        else:
            coupled = [self.pair(torch.cat([feat, key], dim=1)) for feat in past]
        return self._finish(past, key, coupled)

    def frame_state(self, levels: Sequence[Tensor]) -> FrameState:
        """What :meth:`couple` needs of one frame, computed once however many clips contain the frame.

        Args:
            levels: The one level of the frame's pyramid, (B, C, h, w).
        """
        feat = self._level(levels)
        # A convolution of concatenated inputs is the sum of one convolution for each input.
        first: Any = self.pair[0]
        return FrameState(feat, functional.conv2d(feat, first.conv.weight[:, : self.in_channels], padding=1))

    def couple(self, states: Sequence[FrameState]) -> tuple[Tensor]:
        """The result of :meth:`forward` in eval mode, up to rounding, from the states of the T frames, key last.

        Raises:
            ValueError: If the number of states is not T.
            RuntimeError: In training mode, where batch norm has to see what :meth:`forward` shows it.
        """
        if self.training:
            raise RuntimeError('MotionCouplingNeck.couple works in eval mode only; call forward in training')
        *past, key = self._check(states)
        first: Any = self.pair[0]
        second = self.pair[1]
        # The bias is there after batch norm was folded into the convolution (mmcv.cnn.fuse_conv_bn).
        as_key = functional.conv2d(key.feat, first.conv.weight[:, self.in_channels :], first.conv.bias, padding=1)
        pairs = first.activate(first.norm(torch.cat([state.as_past + as_key for state in past])))
        return self._finish([state.feat for state in past], key.feat, second(pairs).chunk(len(past)))

    def _finish(self, past: list[Tensor], key: Tensor, coupled: Sequence[Tensor]) -> tuple[Tensor]:
        gated = self.gated(self.gate(torch.cat(past, dim=1)) * key)
        gated = self.gated_mix(torch.cat([gated, key], dim=1))
        summed = self.pair_mix(sum(weight * feat for weight, feat in zip(self.pair_weights, coupled)))
        return (self.out_conv(self.final(torch.cat([summed, gated], dim=1))),)

    def _check(self, frames: Sequence) -> Sequence:
        if len(frames) != self.num_frames:
            raise ValueError(f'MotionCouplingNeck was built for {self.num_frames} frames, got {len(frames)}')
        return frames

    @staticmethod
    def _level(levels: Sequence[Tensor]) -> Tensor:
        if len(levels) != 1:
            raise ValueError(
                f'MotionCouplingNeck couples one level, got {len(levels)}; let the pyramid return one '
                '(CSPFPN: out_levels=(0,))'
            )
        return levels[0]
