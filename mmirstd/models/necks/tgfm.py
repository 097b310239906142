"""GGL-Net's two-way guidance fusion (arXiv 2512.09497)."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import ChannelAttention, SpatialAttention, biased_conv
from .top_down import KAIMING_FAN_OUT, TopDownNeck


class TwoWayGuidance(BaseModule):
    """One two-way guidance fusion: the deep level says what, the shallow level says where.

    ``high`` is upsampled (bilinear, ``align_corners=True``) and projected by conv1x1-BN-ReLU; the result is
    ``low * channel_attention(high) + high * spatial_attention(low)``.

    Args:
        high_channels: Channels of the deep level.
        low_channels: Channels of the shallow level and of the result.
        ratio: Reduction of the channel attention.
        norm_cfg: Norm layer config.
    """

    def __init__(self, high_channels: int, low_channels: int, ratio: int, norm_cfg: dict) -> None:
        super().__init__()
        self.project = biased_conv(high_channels, low_channels, 1, norm_cfg)
        self.channel_attention = ChannelAttention(low_channels, ratio)
        self.spatial_attention = SpatialAttention(7)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = resize(high, size=low.shape[2:], mode='bilinear', align_corners=True, warning=False)
        high = self.project(high)
        return low * self.channel_attention(high) + high * self.spatial_attention(low)


@MODELS.register_module()
class TGFM(TopDownNeck):
    """Two-way guidance fusion module of GGL-Net, from the deepest to the finest level.

    Source: GGL-Net, arXiv 2512.09497, section "two-way guidance fusion module"; equal to the official code
    (YuChuang1205/MSDA-Net, classes ``LCL`` for the laterals and ``Sbam`` for the fusion).

    Args:
        in_channels: Channels of the levels, finest first.
        ratio: Reduction of the channel attention.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        ratio: int = 8,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
    ) -> None:
        self.ratio = ratio
        super().__init__(in_channels, norm_cfg, init_cfg)

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return TwoWayGuidance(high_channels, low_channels, self.ratio, self.norm_cfg)
