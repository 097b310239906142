"""ALCL-Net's decoder: simplified bilinear interpolation attention."""

from __future__ import annotations

from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import biased_conv
from .top_down import TopDownNeck


class BilinearAttention(BaseModule):
    """Simplified bilinear interpolation attention: ``low + up(high) * sigmoid(BN(conv1x1(low)))``.

    ``up`` is a bilinear upsampling (``align_corners=True``), then conv1x1-BN-ReLU.

    Args:
        high_channels: Channels of the deep level.
        low_channels: Channels of the shallow level and of the result.
        norm_cfg: Norm layer config.
    """

    def __init__(self, high_channels: int, low_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.project = biased_conv(high_channels, low_channels, 1, norm_cfg)
        self.gate = biased_conv(low_channels, low_channels, 1, norm_cfg, act_cfg=dict(type='Sigmoid'))

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = resize(high, size=low.shape[2:], mode='bilinear', align_corners=True, warning=False)
        return low + self.project(high) * self.gate(low)


@MODELS.register_module()
class ALCLNeck(TopDownNeck):
    """Decoder of ALCL-Net (Yu et al., IEEE GRSL 2022): local contrast learning on each level, then the attention.

    The laterals are those of :class:`TopDownNeck`.  Equal to the official code (YuChuang1205/MSDA-Net,
    ``model/ALCL_Net``, classes ``LCL`` and ``Sbam``).  Arguments: see :class:`TopDownNeck`.
    """

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return BilinearAttention(high_channels, low_channels, self.norm_cfg)
