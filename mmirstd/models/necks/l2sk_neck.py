"""L2SKNet's learnable saliency kernels and its two decoders (IEEE TGRS 2024)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule, build_norm_layer
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import ContextGate, biased_conv
from .top_down import TopDownNeck


class SaliencyKernel(BaseModule):
    """Center minus surroundings by one learned kernel: ``sum(W) x - W * x + theta * W_c x``.

    ``W_c`` is the tap at the center and ``theta`` a gate of each channel from the global mean, so the network learns
    how much of the center itself remains.  The gate's norms see one value a sample: training needs at least two
    samples in a batch.

    Args:
        channels: Input and output channels.
        extent: Odd size of the surroundings in pixels.
        dilation: Of the kernel, which has ``(extent - 1) / dilation + 1`` taps a side.
        norm_cfg: Norm layer of the gate.
    """

    def __init__(self, channels: int, extent: int, dilation: int, norm_cfg: dict) -> None:
        super().__init__()
        taps = (extent - 1) // dilation + 1
        self.conv = nn.Conv2d(channels, channels, taps, padding=extent // 2, dilation=dilation, bias=False)
        self.gate = ContextGate(channels, ratio=4, pooled=True, norm_cfg=norm_cfg, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        weight = self.conv.weight
        middle = weight.shape[-1] // 2
        center = F.conv2d(x, weight.sum(dim=(2, 3), keepdim=True))
        remains = F.conv2d(x, weight[:, :, middle : middle + 1, middle : middle + 1])
        return center - self.conv(x) + self.gate(x) * remains


class SeparableSaliencyKernel(BaseModule):
    """The same with a row of taps and then a column of taps in place of the square kernel, without dilation.

    Args:
        channels: Input and output channels.
        extent: Odd length of the row and of the column.
        composed: Take sum and center tap of the kernel that row and column make together.  The official code multiplies
            those of row and column entry by entry, which leaves out the sum over the channels between them: there the
            result on a flat image depends on its brightness.
        norm_cfg: Norm layer of the gate.
    """

    def __init__(self, channels: int, extent: int, composed: bool, norm_cfg: dict) -> None:
        super().__init__()
        self.row = nn.Conv2d(channels, channels, (1, extent), padding=(0, extent // 2))
        self.column = nn.Conv2d(channels, channels, (extent, 1), padding=(extent // 2, 0))
        self.gate = ContextGate(channels, ratio=4, pooled=True, norm_cfg=norm_cfg, bias=False)
        self.composed = composed

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        row, column = self.row.weight[:, :, 0], self.column.weight[..., 0]  # (C out, C in, taps) each
        middle = row.shape[-1] // 2
        center = F.conv2d(x, self._together(row.sum(dim=2), column.sum(dim=2)))
        remains = F.conv2d(x, self._together(row[..., middle], column[..., middle]))
        return center - self.column(self.row(x)) + self.gate(x) * remains

    def _together(self, row: Tensor, column: Tensor) -> Tensor:
        """Weights of a 1x1 convolution from one number of the row and one of the column for each pair of channels."""
        return (column @ row if self.composed else row * column)[:, :, None, None]


class SaliencyLateral(BaseModule):
    """Kernels of several extents, each with BN and leaky ReLU, summed; then conv3x3-BN-ReLU.

    Args:
        kernels: One for each extent.
        channels: Input and output channels.
        join: Whether the convolution follows (not on the coarsest level).
        norm_cfg: Norm layer config.
    """

    def __init__(self, kernels: Sequence[nn.Module], channels: int, join: bool, norm_cfg: dict) -> None:
        super().__init__()
        self.kernels = nn.ModuleList(
            nn.Sequential(kernel, build_norm_layer(norm_cfg, channels)[1], nn.LeakyReLU(0.1, inplace=True))
            for kernel in kernels
        )
        self.join = ConvModule(channels, channels, 3, padding=1, norm_cfg=norm_cfg) if join else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        total = self.kernels[0](x)
        for kernel in self.kernels[1:]:
            total = total + kernel(x)
        return self.join(total)


class ProjectedSum(BaseModule):
    """The low level plus the high one after bilinear upsampling and conv1x1-BN-ReLU."""

    def __init__(self, high_channels: int, low_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.project = biased_conv(high_channels, low_channels, 1, norm_cfg)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = resize(high, size=low.shape[2:], mode='bilinear', align_corners=False, warning=False)
        return self.project(high) + low


class UpsampledConcat(BaseModule):
    """The high level after nearest upsampling and conv3x3-BN-ReLU beside the low one, then two conv3x3-BN-ReLU."""

    def __init__(self, high_channels: int, low_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.up = biased_conv(high_channels, low_channels, 3, norm_cfg)
        self.convs = nn.Sequential(
            biased_conv(2 * low_channels, low_channels, 3, norm_cfg),
            biased_conv(low_channels, low_channels, 3, norm_cfg),
        )

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = self.up(F.interpolate(high, size=low.shape[2:]))
        return self.convs(torch.cat([low, high], dim=1))


@MODELS.register_module()
class L2SKNeck(TopDownNeck):
    """Saliency kernels on every level, then a decoder like FPN's or U-Net's.

    Level ``i`` has a kernel for each of ``extents[i:]``: the finest level looks farthest.  Square kernels but the
    smallest have every second tap alone (dilation 2), so they reach as far as the separable ones.

    Source: L2SKNet (Wu et al., IEEE TGRS 2024); equal to the four forms of the official code (fengyiwu98/L2SKNet,
    ``model/L2SKNet``).

    Args:
        in_channels: Channels of the levels, finest first.
        decoder: ``'fpn'`` adds the levels, ``'unet'`` concatenates them.
        extents: Of the kernels on the finest level, in pixels; one for each level, largest first.
        separable: Row and column in place of square kernels (the paper's forms with an asterisk).
        composed: See :class:`SeparableSaliencyKernel`; False is the official code.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; PyTorch's own by default.

    Raises:
        ValueError: For another decoder, or if there is not an extent for each level.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (16, 32, 64, 128),
        decoder: str = 'fpn',
        extents: Sequence[int] = (17, 9, 5, 3),
        separable: bool = False,
        composed: bool = False,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = dict(type='mmirstd.PyTorchInit', within='L2SKNeck'),
    ) -> None:
        fusions: dict[str, type[nn.Module]] = dict(fpn=ProjectedSum, unet=UpsampledConcat)
        if decoder not in fusions or len(extents) != len(in_channels):
            raise ValueError(
                f"L2SKNeck: decoder must be 'fpn' or 'unet', got {decoder!r}, and extents one for each level, got "
                f'{extents} for {in_channels}'
            )
        self._fusion = fusions[decoder]
        self._left = list(extents)
        self.separable = separable
        self.composed = composed
        super().__init__(in_channels, norm_cfg, init_cfg)

    def build_lateral(self, channels: int) -> nn.Module:
        """See :class:`TopDownNeck`; called finest level first."""
        kernels = [self._build_kernel(channels, extent) for extent in self._left]
        self._left.pop(0)
        return SaliencyLateral(kernels, channels, bool(self._left), self.norm_cfg)

    def _build_kernel(self, channels: int, extent: int) -> nn.Module:
        if self.separable:
            return SeparableSaliencyKernel(channels, extent, self.composed, self.norm_cfg)
        return SaliencyKernel(channels, extent, 1 if extent == 3 else 2, self.norm_cfg)

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return self._fusion(high_channels, low_channels, self.norm_cfg)
