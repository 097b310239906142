"""SSTNet's motion-coupling neck: the key frame's features, coupled with those of past frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmirstd.registry import MODELS

from .gated_key import KAIMING_UNIFORM, GatedKeyNeck


class FrameState(NamedTuple):
    """What the neck keeps of one frame while it may still be seen as a past frame.

    Attributes:
        feat: (B, C, h, w), the frame's features.
        as_past: (B, 2C, h, w), what the frame adds to the first pairwise convolution as the past frame of a pair.
    """

    feat: Tensor
    as_past: Tensor


@MODELS.register_module()
class MotionCouplingNeck(GatedKeyNeck):
    """Motion-coupling neck over T frames, the key frame last.

    Two paths meet in a last pair of convolutions: (1) all past frames together make a sigmoid gate on the key
    frame; (2) each past frame is convolved together with the key frame, by the same weights, and the results are
    summed with one learned weight a frame.

    Source: SSTNet (UESTC-nnLab/SSTNet, nets/Network.py, ``Motion_coupling_Neck``); equal to the official code.
    Its optimizer never updates the frames' weights (they are in none of its parameter groups); here they learn.

    Args:
        in_channels: Channels C of the one level.
        num_frames: Frames T of a clip, at least 2.
        out_channels: See :class:`GatedKeyNeck`.
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
        super().__init__(in_channels, num_frames, out_channels, 2, norm_cfg, act_cfg, init_cfg)
        self.fold_frames = fold_frames
        channels, past = in_channels, num_frames - 1
        self.pair = self.mix(channels * 2, channels * 2)
        self.pair_weights = nn.ParameterList(
            nn.Parameter(torch.tensor([0.25])) for _ in range(past + int(official_unused))
        )
        self.pair_mix = self.mix(channels, channels)
        self.final = self.mix(channels * 2, channels * 2)
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
        *past, key = [self.level(levels) for levels in self.check_frames(frames)]
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
        feat = self.level(levels)
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
        *past, key = self.check_frames(states)
        first: Any = self.pair[0]
        second = self.pair[1]
        # The bias is there after batch norm was folded into the convolution (mmcv.cnn.fuse_conv_bn).
        as_key = functional.conv2d(key.feat, first.conv.weight[:, self.in_channels :], first.conv.bias, padding=1)
        pairs = first.activate(first.norm(torch.cat([state.as_past + as_key for state in past])))
        return self._finish([state.feat for state in past], key.feat, second(pairs).chunk(len(past)))

    def _finish(self, past: list[Tensor], key: Tensor, coupled: Sequence[Tensor]) -> tuple[Tensor]:
        gated = self.gate_key(past, key)
        summed = self.pair_mix(sum(weight * feat for weight, feat in zip(self.pair_weights, coupled)))
        return (self.out_conv(self.final(torch.cat([summed, gated], dim=1))),)
