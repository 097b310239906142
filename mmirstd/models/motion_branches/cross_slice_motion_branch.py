"""SSTNet's motion branch, in training only: features are pulled toward what a ConvLSTM makes of the clip."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn
from torch.nn import functional

from mmirstd.registry import MODELS

from .cross_slice_conv_lstm import CrossSliceConvLSTM


@MODELS.register_module()
class CrossSliceMotionBranch(BaseModule):
    """Cross-slice ConvLSTM on the raw frames, compared with the features of the detector; costs nothing at test.

    The frames, brought to stride 4, go through :class:`CrossSliceConvLSTM`; its T hidden states are mapped to the T
    concatenated features (stride 8) of the pyramid.  The loss is their mean squared difference, with gradients to both
    sides.

    Source: SSTNet (UESTC-nnLab/SSTNet, nets/Network.py, ``Network.forward``); equal to the official code at its 512x512
    input.  That code pools the mapped states to 64x64 whatever the input; here they are pooled to the size of the
    features, which is the same at 512x512 and works at any size: at every multiple of 8 it is a 2x2 max pooling.

    Args:
        in_channels: Channels of the images.
        feat_channels: Channels of one frame's features.
        num_frames: Frames T of a clip.
        channels: Channels of the ConvLSTM.
        num_slices, pooled_size, num_heads, dropout: See :class:`CrossSliceConvLSTM`.
        loss_weight: Weight of the loss.
        official_unused: Also make the parameters that the official code has and never uses (a mapping of the
            concatenated features, the last slice's motion update).  They get no gradient, so distributed training
            would need ``find_unused_parameters``.  Only for exchanging checkpoints with the official code.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: int = 1,
        feat_channels: int = 128,
        num_frames: int = 5,
        channels: int = 64,
        num_slices: int = 1,
        pooled_size: int = 32,
        num_heads: int = 8,
        dropout: float = 0.1,
        loss_weight: float = 1.0,
        official_unused: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.loss_weight = loss_weight
        self.embed = Sequential(
            nn.Conv2d(in_channels, channels // 2, 5, stride=4, padding=1, bias=False),
            nn.LeakyReLU(),
            nn.Conv2d(channels // 2, channels, 1, bias=False),
            nn.LeakyReLU(),
        )
        self.lstm = CrossSliceConvLSTM(channels, num_slices, pooled_size, num_heads, dropout, official_unused)
        self.map = Sequential(
            nn.Conv2d(channels * num_frames, feat_channels * num_frames, 1, bias=False), nn.LeakyReLU()
        )
        self.unused_map = (
            nn.Conv2d(feat_channels * num_frames, feat_channels, 1, bias=False) if official_unused else None
        )

    def forward(self, clips: Tensor, size: tuple[int, int]) -> Tensor:
        """The mapped hidden states.

        Args:
            clips: (B, T, C, H, W), the detector's input.
            size: Height and width of the features, at most H / 4 and W / 4.

        Returns:
            (B, T * feat_channels, H, W) at that size, frame by frame.
        """
        batch, num_frames = clips.shape[:2]
        embedded = self.embed(clips.transpose(0, 1).flatten(0, 1))
        hidden = self.lstm(list(embedded.unflatten(0, (num_frames, batch)).unbind(0)))
        return functional.adaptive_max_pool2d(self.map(torch.cat(hidden, dim=1)), size)

    def loss(self, clips: Tensor, frames: Sequence[Sequence[Tensor]]) -> dict[str, Tensor]:
        """Loss of a batch.

        Args:
            clips: (B, T, C, H, W), the detector's input.
            frames: For each of the T frames the levels of its pyramid; the finest, (B, feat_channels, h, w), counts.

        Returns:
            ``loss_motion``, a scalar.
        """
        feats = torch.cat([levels[0] for levels in frames], dim=1)
        return dict(loss_motion=self.loss_weight * functional.mse_loss(feats, self(clips, feats.shape[-2:])))
