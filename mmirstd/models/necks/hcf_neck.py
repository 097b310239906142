"""HCF-Net's skip connections and decoder (ICME 2024, arXiv 2403.10778)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import PatchAwareAttention


class DimensionSelection(BaseModule):
    """Dimension-aware selective integration (DASI): a level chooses, place by place, between its two neighbors.

    With x, d and f the level, the deeper and the finer one at the level's size and channels:
    ``ReLU(BN(conv(g d + (1 - g) f) + x))``, ``g = sigmoid(x)``.  The finest level has no finer neighbor: its channels
    and the deeper one's are joined, quarter by quarter, by one shared 1x1 convolution.

    Args:
        channels: Channels of the level and of the result.
        deep_channels: Of the deeper level.
        fine_channels: Of the finer level; None where there is none.
        norm_cfg: Norm layer config.
    """

    def __init__(self, channels: int, deep_channels: int, fine_channels: int | None, norm_cfg: dict) -> None:
        super().__init__()
        self.own = nn.Conv2d(channels, channels, 1)
        self.deep = nn.Conv2d(deep_channels, channels, 1)
        self.fine: nn.Module | None = None
        self.join: nn.Module | None = None
        if fine_channels is None:
            self.join = nn.Conv2d(channels // 2, channels // 4, 1)
        else:
            self.fine = nn.Conv2d(fine_channels, channels, 3, stride=2, dilation=2, padding=2)
        self.tail = nn.Conv2d(channels, channels, 1)
        self.norm = build_norm_layer(norm_cfg, channels)[1]

    def forward(self, x: Tensor, deep: Tensor, fine: Tensor | None) -> Tensor:
        """(B, C, H, W), (B, Cd, H / 2, W / 2), (B, Cf, 2 H, 2 W) or None -> (B, C, H, W)."""
        own = self.own(x)
        deep = resize(self.deep(deep), size=x.shape[2:], mode='bilinear', align_corners=True, warning=False)
        if self.fine is not None:
            gate = torch.sigmoid(own)
            chosen = gate * deep + (1 - gate) * self.fine(fine)
        else:
            assert self.join is not None
            pairs = torch.stack([own.unflatten(1, (4, -1)), deep.unflatten(1, (4, -1))], dim=2)
            chosen = self.join(pairs.flatten(2, 3).flatten(0, 1)).unflatten(0, (-1, 4)).flatten(1, 2)
        return torch.relu(self.norm(self.tail(chosen) + own))


class UpFusion(BaseModule):
    """The deeper level through a transposed convolution beside the skip, then :class:`PatchAwareAttention`."""

    def __init__(self, deep_channels: int, channels: int, official: bool, norm_cfg: dict) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(deep_channels, channels, 2, stride=2)
        self.norm = build_norm_layer(norm_cfg, channels)[1]
        self.block = PatchAwareAttention(2 * channels, channels, official=official, norm_cfg=norm_cfg)

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """(B, Cd, H / 2, W / 2), (B, C, H, W) -> (B, C, H, W)."""
        return self.block(torch.cat([torch.relu(self.norm(self.up(deep))), skip], dim=1))


@MODELS.register_module()
class HCFNeck(BaseModule):
    """Skips that choose between their neighbors (DASI), and a decoder of patch-aware attention.

    Source: HCF-Net, arXiv 2403.10778; equal to the official code (zhengshuchen/HCFNet, basicseg/networks/HCFnet.py).

    Args:
        in_channels: Channels of the levels, finest first; each level has half the size of the one before.
        official: See :class:`~mmirstd.models.layers.patch_aware_attention.LocalGlobalAttention`.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; PyTorch's own by default, as in the official code.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (32, 64, 128, 256, 512),
        official: bool = True,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | list[dict] | None = dict(type='mmirstd.PyTorchInit', within='HCFNeck'),
    ) -> None:
        super().__init__(init_cfg)
        finer = [None, *in_channels[:-2]]
        self.skips = nn.ModuleList(
            DimensionSelection(own, deep, fine, norm_cfg)
            for own, deep, fine in zip(in_channels, in_channels[1:], finer)
        )
        self.fusions = nn.ModuleList(
            UpFusion(deep, own, official, norm_cfg) for own, deep in zip(in_channels, in_channels[1:])
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Levels, finest first -> decoded levels of the same shapes, the deepest as it is."""
        skips = [
            skip(own, deep, fine) for skip, own, deep, fine in zip(self.skips, inputs, inputs[1:], [None, *inputs])
        ]
        outs = [inputs[-1]]
        for fusion, skip in zip(reversed(self.fusions), reversed(skips)):
            outs.insert(0, fusion(outs[0], skip))
        return tuple(outs)
