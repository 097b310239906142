"""A detector whose 2-D backbone sees the key frame, beside 3-D backbones that see the clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..clip_model import Levels
from .multi_frame_detector import MultiFrameDetector


@MODELS.register_module()
class KeyFrameDetector(MultiFrameDetector):
    """Detector of moving targets with one backbone for the key frame and others for the whole clip.

    The temporal neck is called with the key frame's levels (``backbone``, ``neck``) and with the levels of each of the
    ``clip_backbones``.  Several of them see several versions of the T frames, one behind the other in the clip: with
    ``mmirstd.AlignClip(keep_original=True)`` the aligned ones, then those as they were.  The key frame is the last.

    Convolutions in time make all features of a frame depend on its neighbors, so a stream keeps the frames alone.

    Args:
        clip_backbones: Configs of modules called with (B, C, T, H, W).
        kwargs: As of :class:`MultiFrameDetector`.

    Raises:
        ValueError: If ``clip_backbones`` is empty.
    """

    def __init__(self, clip_backbones: Sequence[dict], **kwargs: Any) -> None:
        if not clip_backbones:
            raise ValueError('clip_backbones is empty; expected the config of one backbone of clips or more')
        super().__init__(**kwargs)
        self.clip_backbones = nn.ModuleList(MODELS.build(cfg) for cfg in clip_backbones)

    @property
    def input_frames(self) -> int:
        """Frames of a clip that goes in: T of each version."""
        return self.num_frames * len(self.clip_backbones)

    def check_clips(self, clips: Tensor) -> None:
        """See that the input is a batch of clips, each frame in as many versions as there are backbones for.

        Raises:
            ValueError: It has another number of dimensions or of frames.
        """
        if clips.dim() == 5 and clips.shape[1] == self.num_frames:
            self._check_versions(clips.shape[1], f'an input of shape {tuple(clips.shape)}')
        super().check_clips(clips)

    def extract_clip_feats(self, clips: Tensor) -> list[Levels]:
        """The frames themselves, see :meth:`couple`."""
        self.check_clips(clips)
        return list(zip(clips.unbind(1)))

    def frame_state(self, frames: Tensor) -> Levels:
        """The frames themselves."""
        return (frames,)

    def couple(self, frames: Sequence[Levels]) -> Levels:
        """The key frame's levels, from the frames of a clip.

        Raises:
            ValueError: Frames are not there in each version: a stream of plain frames.
        """
        self._check_versions(len(frames), f'{len(frames)} frames')
        clip = torch.stack([frame for (frame,) in frames], dim=2)
        versions = clip.chunk(len(self.clip_backbones), dim=2)
        key = self.extract_frame_feat(frames[-1][0])
        levels = [backbone(version) for backbone, version in zip(self.clip_backbones, versions)]
        return tuple(self.temporal_neck(key, *levels))

    def _check_versions(self, count: int, found: str) -> None:
        if count < self.input_frames:
            raise ValueError(
                f'{found}; expected {self.input_frames} frames: the {self.num_frames} '
                "aligned ones and those as they were (dict(type='mmirstd.AlignClip', keep_original=True) behind "
                'LoadClip, and whole clips: streaming=False)'
            )
