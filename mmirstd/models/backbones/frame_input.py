"""The frames themselves, for networks that look at several frames from their first layer on."""

from __future__ import annotations

from mmengine.model import BaseModule
from torch import Tensor

from mmirstd.registry import MODELS

from ..layers import check_image


@MODELS.register_module()
class FrameInput(BaseModule):
    """A backbone without parameters: its one level is the frame.

    Args:
        in_channels: Channels of a frame; a one-channel frame is repeated if there are more.
        divisor: Height and width must be its multiples.
    """

    def __init__(self, in_channels: int = 1, divisor: int = 1) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.divisor = divisor

    def forward(self, frames: Tensor) -> tuple[Tensor]:
        """(N, 1 or in_channels, H, W) -> a tuple of (N, in_channels, H, W)."""
        return (check_image(self, frames, self.in_channels, self.divisor),)
