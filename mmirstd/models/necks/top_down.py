"""What top-down decoders of segmentation networks share, and the plain U-shaped one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, biased_conv, dilated_branch


class TopDownNeck(BaseModule):
    """Fuses a pyramid from deep to shallow.

    Subclasses say how two levels merge in :meth:`build_fusion`, and may replace the laterals in :meth:`build_lateral`.

    Args:
        in_channels: Channels of the levels, finest first.
        norm_cfg: Norm layer config of the fusions.
        init_cfg: mmengine initialization; Kaiming (fan out) as in the official GGL-Net code.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = KAIMING_FAN_OUT,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        self.in_channels = list(in_channels)
        self.norm_cfg = norm_cfg
        self.laterals = nn.ModuleList(self.build_lateral(channels) for channels in self.in_channels)
        self.fusions = nn.ModuleList(
            self.build_fusion(high, low) for low, high in zip(self.in_channels[:-1], self.in_channels[1:])
        )

    def build_lateral(self, channels: int) -> nn.Module:
        """Module that a level passes before it is fused; by default GGL-Net's conv1x1-ReLU-conv3x3-ReLU, no norm."""
        return dilated_branch(channels, kernel_size=1, dilation=1)

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """Module called with (high, low), which returns the fused feature of the low level's shape."""
        raise NotImplementedError

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Fuse the levels.

        Args:
            inputs: Features, finest first, level ``i`` of shape (B, in_channels[i], H_i, W_i).

        Returns:
            As many features of the same shapes, finest first; the first has seen all levels.

        Raises:
            ValueError: If the number of levels differs from ``in_channels``.
        """
        if len(inputs) != len(self.in_channels):
            raise ValueError(f'{type(self).__name__} was built for {len(self.in_channels)} levels, got {len(inputs)}')
        laterals = [branch(x) for branch, x in zip(self.laterals, inputs)]
        outs = [laterals[-1]]
        for fusion, low in zip(reversed(self.fusions), reversed(laterals[:-1])):
            outs.insert(0, fusion(outs[0], low))
        return tuple(outs)


class ConcatFusion(BaseModule):
    """U-Net's merge: the upsampled high level beside the low level, then conv3x3-BN-ReLU."""

    def __init__(self, high_channels: int, low_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.conv = biased_conv(high_channels + low_channels, low_channels, 3, norm_cfg)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = resize(high, size=low.shape[2:], mode='bilinear', align_corners=True, warning=False)
        return self.conv(torch.cat([high, low], dim=1))


@MODELS.register_module()
class UShapeNeck(TopDownNeck):
    """The plain U-shaped decoder of GGL-Net's ablation baseline: levels are merged by concatenation.

    The paper names its baseline U-shaped without giving the layer list; this is OUR READING (TGFM's laterals,
    U-Net's merge).  Arguments: see :class:`TopDownNeck`.
    """

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return ConcatFusion(high_channels, low_channels, self.norm_cfg)
