"""ISNet's decoder: two-orientation attention between levels, and an edge branch by unrolled Taylor differences."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, ModuleList
from mmseg.models.backbones.resnet import BasicBlock
from mmseg.models.utils import ResLayer, resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import DeformConv2dPack


class TwoOrientationAttention(BaseModule):
    """Two-orientation attention aggregation (TTOA): rows and columns of the deep level gate the shallow one.

    Both levels pass one and the same pair of 1x1 convolutions; then for a column (3x1) and a row (1x3) deformable
    convolution ``high + sigmoid(conv(high)) * low``, and the two are added.

    Args:
        channels: Channels of both levels and of the result.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.Conv2d(channels, channels // 2, 1), nn.Conv2d(channels // 2, channels, 1))
        self.column = DeformConv2dPack(channels, channels, (3, 1))
        self.row = DeformConv2dPack(channels, channels, (1, 3))

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """Deep level, already upsampled, and shallow level, both (B, C, H, W) -> (B, C, H, W)."""
        high, low = self.project(high), self.project(low)
        return 2 * high + (self.column(high).sigmoid() + self.row(high).sigmoid()) * low


class GatedConv(BaseModule):
    """Spatially gated 1x1 convolution (Takikawa et al., Gated-SCNN, 2019): ``conv(x * (1 + gate(x, guide)))``.

    Args:
        channels: Channels of the feature and of the result; the guide has one.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels + 1)
        self.hidden = nn.Conv2d(channels + 1, channels + 1, 1)
        self.gate = nn.Conv2d(channels + 1, 1, 1)
        self.gate_norm = nn.BatchNorm2d(1)
        self.conv = nn.Conv2d(channels, channels, 1, bias=False)
        nn.init.xavier_normal_(self.conv.weight)  # as in the official code, whose other layers are PyTorch's

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """(B, C, H, W), (B, 1, H, W) -> (B, C, H, W)."""
        gate = self.gate(self.hidden(self.norm(torch.cat([x, guide], dim=1))).relu())
        return self.conv(x * (1 + self.gate_norm(gate).sigmoid()))


class TaylorDifferenceBlock(BaseModule):
    """Taylor finite difference block (TFD) of ISNet.

    With two convolutional bodies (conv3x3-BN-ReLU-conv3x3-BN) ``f`` and ``g``: ``u1 = ReLU(u0 + f(u0))``,
    ``u2 = ReLU(g(u1))``; the result is ``3 ReLU(f(u0)) + u2 + gated(u2, guide)``.

    Args:
        channels: Channels of the feature and of the result.
        norm_cfg: Norm layer config.
    """

    def __init__(self, channels: int, norm_cfg: dict = dict(type='BN')) -> None:
        super().__init__()
        self.bodies = ModuleList(
            nn.Sequential(
                ConvModule(channels, channels, 3, padding=1, norm_cfg=norm_cfg),
                ConvModule(channels, channels, 3, padding=1, norm_cfg=norm_cfg, act_cfg=None),
            )
            for _ in range(2)
        )
        self.gate = GatedConv(channels)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """(B, C, H, W), (B, 1, H, W) -> (B, C, H, W)."""
        difference = self.bodies[0](x)
        u2 = self.bodies[1]((x + difference).relu()).relu()
        return 3 * difference.relu() + u2 + self.gate(u2, guide)


@MODELS.register_module()
class ISNetNeck(BaseModule):
    """Decoder of ISNet.

    Levels merge from deep to shallow: transposed convolution, :class:`TwoOrientationAttention`, residual blocks.  The
    image's gradient magnitude, lifted to ``edge_channels``, passes one :class:`TaylorDifferenceBlock` a level at full
    resolution, guided by a one-channel projection of that level, deepest first; a 1x1 convolution makes edge logits of
    it.  The finest level, upsampled to full resolution, is multiplied by ``1 + sigmoid(edge logits)``.

    Source: ISNet (Zhang et al., CVPR 2022), in BasicIRSTD's form (XinyiYing/BasicIRSTD,
    ``model/ISNet/model_ISNet.py`` and ``DCNv2/TTOA.py``).

    Args:
        in_channels: Channels of the stages, finest first (the gradient image, which comes before them, has 1).
        edge_channels: Channels of the edge branch.
        num_blocks: Residual blocks of each decoded level.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; by default PyTorch's own but for the gated convolutions, as in the official
            code. None: in the Taylor difference blocks that of mmcv's ``ConvModule`` (Kaiming, normal, fan out).

    Raises:
        ValueError: In ``forward`` for another number of levels.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (16, 32, 64),
        edge_channels: int = 64,
        num_blocks: int = 4,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | list | None = dict(
            type='mmirstd.PyTorchInit', within='TaylorDifferenceBlock', without='GatedConv'
        ),
    ) -> None:
        super().__init__(init_cfg)
        self.upsamples = nn.ModuleList(
            nn.ConvTranspose2d(high, low, 4, stride=2, padding=1) for low, high in zip(in_channels, in_channels[1:])
        )
        # mmengine's list, through which the offsets' start at 0 is reached.
        self.fusions = ModuleList(TwoOrientationAttention(c) for c in in_channels[:-1])
        self.stages = nn.ModuleList(ResLayer(BasicBlock, c, c, num_blocks, norm_cfg=norm_cfg) for c in in_channels[:-1])
        self.guides = nn.ModuleList(nn.Conv2d(c, 1, 1) for c in in_channels)
        self.lift = nn.Conv2d(1, edge_channels, 1)
        self.differences = nn.ModuleList(TaylorDifferenceBlock(edge_channels, norm_cfg) for _ in in_channels)
        self.edge = nn.Conv2d(edge_channels, 1, 1, bias=False)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Gradient image (B, 1, H, W) and stages' features -> (B, in_channels[0], H, W), edge logits (B, 1, H, W)."""
        gradient, *levels = inputs
        if len(levels) != len(self.guides):
            raise ValueError(
                f'ISNetNeck was built for {len(self.guides)} levels and a gradient image, got {len(levels)} levels'
            )
        decoded = [levels[-1]]
        for i in range(len(levels) - 2, -1, -1):
            high = self.upsamples[i](decoded[0])
            decoded.insert(0, self.stages[i](self.fusions[i](high, levels[i])))
        size = gradient.shape[2:]
        edge = self.lift(gradient)
        for level, project, difference in reversed(list(zip(decoded, self.guides, self.differences))):
            guide = resize(project(level), size=size, mode='bilinear', align_corners=True, warning=False)
            edge = difference(edge, guide)
        edge = self.edge(edge)
        finest = resize(decoded[0], size=size, mode='bilinear', align_corners=False, warning=False)
        return finest * (1 + edge.sigmoid()), edge
