"""SeRankDet's decoder: large selective feature fusion (IEEE TGRS 2024)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import CENTRAL_DIFFERENCE, biased_conv
from .top_down import TopDownNeck


class SelectiveFusion(BaseModule):
    """Two levels side by side, weighted by a mixture of them: ``x + gamma * x * conv1x1(low * a + high * b)``.

    ``x`` is both levels concatenated; ``a`` and ``b`` are two maps from a 7x7 convolution over the mean and the maximum
    of its channels.  ``gamma`` starts at 0.  The high level comes by bilinear upsampling and conv3x3-BN-ReLU; then
    follow conv3x3, central difference and conv3x3, each with BN and ReLU.
    """

    def __init__(self, high_channels: int, low_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        both = 2 * low_channels
        self.up = biased_conv(high_channels, low_channels, 3, norm_cfg)
        self.select = nn.Conv2d(2, 2, 7, padding=3)
        self.mix = nn.Conv2d(low_channels, both, 1)
        self.gamma = nn.Parameter(torch.zeros(1))
        self.convs = nn.Sequential(
            biased_conv(both, low_channels, 3, norm_cfg),
            biased_conv(low_channels, low_channels, 3, norm_cfg, conv_cfg=CENTRAL_DIFFERENCE),
            biased_conv(low_channels, low_channels, 3, norm_cfg),
        )

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = self.up(resize(high, size=low.shape[2:], mode='bilinear', align_corners=False, warning=False))
        x = torch.cat([low, high], dim=1)
        pooled = torch.cat([x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)], dim=1)
        of_low, of_high = self.select(pooled).sigmoid().chunk(2, dim=1)
        return self.convs(self.gamma * (x * self.mix(low * of_low + high * of_high)) + x)


@MODELS.register_module()
class SeRankNeck(TopDownNeck):
    """Decoder of SeRankDet (arXiv 2408.03717); equal to the official code (GrokCV/SeRankDet, ``model/SeRankDet``).

    Args:
        in_channels: Channels of the levels, finest first.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; PyTorch's own by default.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (64, 128, 256, 512, 1024),
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = dict(type='mmirstd.PyTorchInit', within='SeRankNeck'),
    ) -> None:
        super().__init__(in_channels, norm_cfg, init_cfg)

    def build_lateral(self, channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return nn.Identity()

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return SelectiveFusion(high_channels, low_channels, self.norm_cfg)
