"""SeRankDet's encoder: dilated difference blocks and rank attention (IEEE TGRS 2024)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import CENTRAL_DIFFERENCE, RankAttention, biased_conv, check_image


class DilatedDifferenceBlock(BaseModule):
    """Three plain convolutions, a central difference and three dilated convolutions side by side, then a convolution.

    All are 3x3-BN-ReLU; the dilations are 2, 4 and 2.

    Args:
        in_channels: Input channels.
        channels: Output channels.
        norm_cfg: Norm layer config.
    """

    def __init__(self, in_channels: int, channels: int, norm_cfg: dict) -> None:
        super().__init__()
        widths = ((in_channels, in_channels), (in_channels, channels), (channels, channels))
        self.plain = nn.Sequential(*(biased_conv(before, after, 3, norm_cfg) for before, after in widths))
        self.difference = biased_conv(in_channels, channels, 3, norm_cfg, conv_cfg=CENTRAL_DIFFERENCE)
        self.dilated = nn.Sequential(
            *(biased_conv(before, after, 3, norm_cfg, dilation) for (before, after), dilation in zip(widths, (2, 4, 2)))
        )
        self.join = biased_conv(3 * channels, channels, 3, norm_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels, H, W)."""
        return self.join(torch.cat([self.plain(x), self.difference(x), self.dilated(x)], dim=1))


@MODELS.register_module()
class SeRankEncoder(BaseModule):
    """A dilated difference block and rank attention a stage, a 2x2 max pool between the stages.

    Source: SeRankDet (Dai et al., IEEE TGRS 2024, arXiv 2408.03717); equal to the official code (GrokCV/SeRankDet,
    ``model/SeRankDet``) with ``in_channels=3``, on images of up to 512 rows and columns; other sizes are the same
    formula.

    Args:
        in_channels: Channels of the image; a gray image is repeated for more than one.  The first layers have as many
            channels as the image, so three cannot be folded into one.
        channels: Channels of the stages, finest first.
        ranks: Largest values that describe a channel, of each stage.
        per_sample: See :class:`~mmirstd.models.layers.RankAttention`; False is the official code.
        stable: See there; False is the official code.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; PyTorch's own by default.

    Raises:
        ValueError: If ``channels`` and ``ranks`` differ in length, and in ``forward`` for a wrong channel count or
            image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (64, 128, 256, 512, 1024),
        ranks: Sequence[int] = (512, 256, 128, 64, 32),
        per_sample: bool = False,
        stable: bool = False,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = dict(type='mmirstd.PyTorchInit', within='SeRankEncoder'),
    ) -> None:
        super().__init__(init_cfg)
        if len(channels) != len(ranks):
            raise ValueError(f'SeRankEncoder: channels {channels} and ranks {ranks} differ in length')
        self.in_channels = in_channels
        self.pool = nn.MaxPool2d(2, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(DilatedDifferenceBlock(before, after, norm_cfg), RankAttention(count, per_sample, stable))
            for before, after, count in zip([in_channels, *channels[:-1]], channels, ranks)
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B, 1 or in_channels, H, W) -> features, finest first, level ``i`` at stride ``2**i``."""
        x = check_image(self, image, self.in_channels, 2 ** (len(self.stages) - 1))
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(self.pool(x) if i else x)
            outs.append(x)
        return tuple(outs)
