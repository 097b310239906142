"""Temporal necks that give features of all frames of a clip."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

Levels = tuple[Tensor, ...]


class ClipNeck(BaseModule):
    """A temporal neck that gives features of all frames of a clip; a subclass writes :meth:`features`."""

    @abstractmethod
    def features(self, clips: Tensor, key_frame: bool) -> Tensor:
        """(B, C, T, H, W) -> (B, C', T, H, W), or with ``key_frame`` (B, C', 1, H, W), the last frame alone."""

    def forward(self, frames: Sequence[Levels]) -> Levels:
        """The finest levels of T frames, (B, C, H, W) each -> one level (B, C', H, W) of the key frame, the last."""
        return (self.features(self.stack(frames), key_frame=True).squeeze(2),)

    def all_frames(self, frames: Sequence[Levels]) -> Levels:
        """The same for all frames: one level (B * T, C', H, W), a clip's frames one after the other."""
        return (self.features(self.stack(frames), key_frame=False).transpose(1, 2).flatten(0, 1),)

    def stack(self, frames: Sequence[Levels]) -> Tensor:
        """The finest levels of T frames as (B, C, T, H, W)."""
        return torch.stack([levels[0] for levels in frames], dim=2)
