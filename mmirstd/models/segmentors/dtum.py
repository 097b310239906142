"""DTUM: any network of single frames becomes one of clips."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmirstd.registry import MODELS
from mmirstd.utils.config_parts import bare_type

from ..clip_model import Levels
from ..layers import check_size
from ..layers.direction_coded import DirectionCodedUShape
from .multi_frame_segmentor import MultiFrameSegmentor, frame_samples

from mmseg.models.utils import resize  # isort: skip
from mmseg.structures import SegDataSample  # isort: skip
from mmseg.utils import add_prefix  # isort: skip


@MODELS.register_module()
class DTUM(MultiFrameSegmentor):
    """A single-frame network whose maps of T frames are joined by a direction-coded temporal U-shape.

    "Direction-coded Temporal U-shape Module for Multiframe Infrared Small Target Detection" (TNNLS 2023); the ResUNet
    with it equals the official code.  A config becomes its DTUM variant by inheritance::

        model = dict(type='mmirstd.DTUM', data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor'))

    The network's head gives ``channels`` maps in place of one (``map_channels`` of the head), at the frame's size.  Of
    a head with deep supervision the prediction's level alone is used, or the fusion of all, where it predicts: the
    losses see the map of the key frame.  An auxiliary head stays, on the key frame.  The keys of the network's
    checkpoint are the same but for the head's last convolution.

    Args:
        backbone, neck, auxiliary_head, num_frames (odd), train_cfg, test_cfg, data_preprocessor, init_cfg: As of
            :class:`MultiFrameSegmentor`.
        decode_head: Config of the network's head; its losses and its threshold stay.
        channels: Maps of each frame.
        dropout_ratio: Of the last but one convolution.
        fold_frames: As of :class:`MultiFrameSegmentor`; False, as the official code.
        detach: The official code trains its coarser temporal levels not at all: a ``detach`` cuts their gradient, and
            they keep their random weights.  False trains them, too.

    Raises:
        ValueError: If there is a temporal neck, or all frames shall be supervised or predicted.
    """

    def __init__(
        self,
        backbone: dict,
        decode_head: dict,
        num_frames: int = 5,
        channels: int = 32,
        dropout_ratio: float = 0.5,
        fold_frames: bool = False,
        detach: bool = True,
        **kwargs,
    ) -> None:
        if kwargs.get('temporal_neck') is not None:
            raise ValueError(
                f'DTUM: temporal_neck={kwargs["temporal_neck"]}; it couples the frames itself: temporal_neck=None'
            )
        super().__init__(
            backbone,
            dict(one_map(decode_head), map_channels=channels),
            num_frames=num_frames,
            fold_frames=fold_frames,
            **kwargs,
        )
        self.temporal_neck = DirectionCodedUShape(channels, num_frames, dropout_ratio=dropout_ratio, detach=detach)

    def _check_coupling(self) -> None:
        """The module of this class couples the frames."""
        if 'all' in (self.supervised, self.predicted):
            raise ValueError("DTUM: gives a map of the key frame alone: supervised='key', test_cfg.frames='key'")

    def extract_clip_feats(self, clips: Tensor) -> list[Levels]:
        """See :class:`MultiFrameSegmentor`; one after the other the key frame comes first, as in the official code."""
        self.check_clips(clips)
        if self.fold_frames or not self.training:
            return super().extract_clip_feats(clips)
        return [self.extract_frame_feat(frame) for frame in reversed(clips.unbind(1))][::-1]

    def extract_frame_feat(self, frames: Tensor) -> Levels:
        """The head's maps (N, channels, H, W) of single frames; in training behind it what an auxiliary head needs.

        Raises:
            ValueError: Height or width is no multiple of 8.
        """
        check_size(self, frames, 8, pad=32)
        levels = super().extract_frame_feat(frames)
        maps = self.decode_head.forward(levels)
        maps = resize(maps, frames.shape[2:], mode='bilinear', align_corners=self.align_corners, warning=False)
        return (maps, *levels) if self.training and self.with_auxiliary_head else (maps,)

    def couple(self, frames: Sequence[Levels]) -> Levels:
        """The frames' maps -> the key frame's logits (B, 1, H, W), the only level."""
        return (self.temporal_neck(torch.stack([maps for maps, *_ in frames], dim=2)),)

    def loss(self, inputs: Tensor, data_samples: list[SegDataSample]) -> dict[str, Tensor]:
        """Losses of the key frames of clips (B, T, C, H, W)."""
        frames, samples = self.extract_clip_feats(inputs), frame_samples(data_samples)
        (logits,) = self.couple(frames)
        losses = dict(add_prefix(self.decode_head.loss_by_feat(logits, samples), 'decode'))
        if self.with_auxiliary_head:
            losses.update(self._auxiliary_head_forward_train(frames[-1][1:], samples))
        return losses

    def decode_levels(self, levels: Levels, batch_img_metas: list[dict]) -> Tensor:
        """See :class:`MultiFrameSegmentor`."""
        return self.decode_head.predict_by_feat(levels[0], batch_img_metas)

    def _forward(self, inputs: Tensor, data_samples: list[SegDataSample] | None = None) -> Tensor:
        return self.extract_feat(inputs)[0]


def one_map(head: dict) -> dict:
    """Of a head's config: without the levels that only deep supervision needs."""
    fuses = head.get('fusion_kernel_size') is not None or bare_type(head) == 'WarmUpHead'
    if isinstance(head.get('in_channels', 1), int) or (fuses and head.get('fusion_predicts', True)):
        return head
    single = {key: value for key, value in head.items() if key not in ('level_weights', 'fusion_kernel_size')}
    index = head.get('in_index', 0)
    return dict(single, in_channels=head['in_channels'][0], in_index=index if isinstance(index, int) else index[0])
