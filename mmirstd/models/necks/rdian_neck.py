"""RDIAN's attention and fusion at full resolution."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor

from mmirstd.registry import MODELS

from ..layers import CBAM, KAIMING_FAN_OUT


@MODELS.register_module()
class RDIANNeck(BaseModule):
    """CBAM on the deep level, upsampled (bilinear) and added to the projected stem, then ReLU.

    Source: RDIAN (Sun et al., IEEE TGRS 2023); equal to BasicIRSTD's code (``model/RDIAN/model_RDIAN.py``), whose
    CBAM reduces to one hidden channel and has a batch norm with momentum 0.01 in its spatial half.

    Args:
        in_channels: Channels of the stem and of the deep level; the latter are those of the result.
        cbam_ratio: Reduction of the channel attention.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (16, 32),
        cbam_ratio: int = 32,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        fine, deep = in_channels
        self.attention = CBAM(deep, cbam_ratio, channel_bias=True, spatial_norm_cfg=dict(type='BN', momentum=0.01))
        self.project = ConvModule(fine, deep, 1, norm_cfg=norm_cfg, act_cfg=dict(type='LeakyReLU', negative_slope=0.01))

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor]:
        """(B, 16, H, W), (B, 32, h, w) -> (B, 32, H, W)."""
        fine, deep = inputs
        deep = resize(self.attention(deep), size=fine.shape[2:], mode='bilinear', align_corners=False, warning=False)
        return (F.relu(deep + self.project(fine)),)
