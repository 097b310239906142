"""MRF3Net's decoder: fusion by agreement of two levels (IEEE TGRS 2024)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import NARROW_NORMAL, VanillaConv, global_mean


class AgreementFusion(BaseModule):
    """Two features of one size, weighted by position and by channel.

    Each gives a map of probabilities; a third one is that both say the same (Bayes).  The three make the weight of each
    position.  The weight of each channel comes from the mean and the maximum of the result.

    Args:
        channels: Of both features.
        out_channels: Output channels.
        kernel_size: Of the convolutions of the maps and of both features.
        upsample: Double the size, by repetition.
    """

    def __init__(self, channels: int, out_channels: int, kernel_size: int, upsample: bool) -> None:
        super().__init__()
        self.upsample = upsample
        self.maps = nn.ModuleList(
            nn.Sequential(VanillaConv(channels, channels // 16, kernel_size), nn.Conv2d(channels // 16, 1, 1))
            for _ in range(2)
        )
        self.spatial = nn.Conv2d(3, 1, 1)
        self.channel = nn.Conv2d(channels, out_channels, 1)
        self.join = VanillaConv(2 * channels, channels, kernel_size)
        self.leave = VanillaConv(channels, out_channels, 1)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """Twice (B, channels, H, W) -> (B, out_channels, H, W), or twice as large."""
        of_low, of_high = (score(x).sigmoid() for score, x in zip(self.maps, (low, high)))
        both, neither = of_low * of_high, (1 - of_low) * (1 - of_high)
        agreement = both / (both + neither + 1e-6)
        weight = self.spatial(torch.cat([of_low, of_high, agreement], dim=1)).sigmoid()
        x = self.join(torch.cat([low, high], dim=1)) * weight
        if self.upsample:
            x = F.interpolate(x, scale_factor=2)
        pooled = self.channel(global_mean(x)[:, :, None, None]) + self.channel(F.adaptive_max_pool2d(x, 1))
        return self.leave(x) * pooled.sigmoid()


@MODELS.register_module()
class MRF3Neck(BaseModule):
    """Decoder of MRF3Net; equal to the official code (Temperature-ai/MRF3Net, ``nets/MRF3Net.py``).

    Args:
        in_channels: Channels of the encoder's levels, finest first.
        init_cfg: mmengine initialization; as in the official code.
    """

    def __init__(
        self, in_channels: Sequence[int] = (32, 64, 128), init_cfg: dict | Sequence[dict] | None = NARROW_NORMAL
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        outs = [in_channels[0], *in_channels[:-1]]
        self.fusions = nn.ModuleList(
            AgreementFusion(channels, out, kernel_size=1 if i else 3, upsample=i > 0)
            for i, (channels, out) in enumerate(zip(in_channels, outs))
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """What ``mmirstd.MRF3Encoder`` gives -> decoded feature at full size, then the encoder's other levels."""
        *levels, plain = inputs
        decoded = self.fusions[-1](plain, levels[-1])
        for fusion, level in zip(reversed(self.fusions[:-1]), reversed(levels[:-1])):
            decoded = fusion(level, decoded)
        return (decoded, *levels[1:])
