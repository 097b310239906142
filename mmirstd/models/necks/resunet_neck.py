"""The U-shaped decoder of ResUNet and MSHNet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import cbam_residual_layer
from .top_down import KAIMING_FAN_OUT, TopDownNeck


class ResidualFusion(BaseModule):
    """The low level beside the upsampled high level (bilinear, ``align_corners=True``), then residual blocks."""

    def __init__(
        self,
        high_channels: int,
        low_channels: int,
        out_channels: int,
        num_blocks: int,
        cbam_ratio: int | None,
        norm_cfg: dict,
        act_cfg: dict,
    ) -> None:
        super().__init__()
        self.blocks = cbam_residual_layer(
            low_channels + high_channels, out_channels, num_blocks, cbam_ratio, norm_cfg, act_cfg
        )

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, out_channels, H, W)."""
        high = resize(high, size=low.shape[2:], mode='bilinear', align_corners=True, warning=False)
        return self.blocks(torch.cat([low, high], dim=1))


@MODELS.register_module()
class ResUNetNeck(TopDownNeck):
    """U-Net's decoder with residual blocks and no laterals.

    Sources: BasicIRSTD (``model/ResUNet/model_ResUNet.py``), which has one plain block on each level, and MSHNet
    (Lliu666/MSHNet, ``model/MSHNet.py``), whose blocks have CBAM.

    Args:
        in_channels: Channels of the levels, finest first.
        num_blocks: Residual blocks of each level but the coarsest; 1 each by default.
        cbam_ratio: Reduction of the blocks' channel attention; None leaves their attention out.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization.
        out_channels: Channels of each level out but the coarsest, finest first; by default those of ``in_channels``.
        act_cfg: Activation config.

    Raises:
        ValueError: If ``num_blocks`` or ``out_channels`` is not one shorter than ``in_channels``.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        num_blocks: Sequence[int] | None = None,
        cbam_ratio: int | None = None,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
        out_channels: Sequence[int] | None = None,
        act_cfg: dict = dict(type='ReLU'),
    ) -> None:
        fusions = len(in_channels) - 1
        num_blocks = [1] * fusions if num_blocks is None else list(num_blocks)
        out_channels = list(in_channels[:-1]) if out_channels is None else list(out_channels)
        for name, values in (('num_blocks', num_blocks), ('out_channels', out_channels)):
            if len(values) != fusions:
                raise ValueError(f'ResUNetNeck: {len(in_channels)} levels need {fusions} {name}, got {values}')
        # Of each fusion, finest first: channels of the deeper level, which was fused before, and its own.
        self._fusions = iter(list(zip([*out_channels[1:], in_channels[-1]], out_channels, num_blocks)))
        self.cbam_ratio = cbam_ratio
        self.act_cfg = act_cfg
        super().__init__(in_channels, norm_cfg, init_cfg)

    def build_lateral(self, channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return nn.Identity()

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        fused_channels, out_channels, num_blocks = next(self._fusions)
        return ResidualFusion(
            fused_channels, low_channels, out_channels, num_blocks, self.cbam_ratio, self.norm_cfg, self.act_cfg
        )
