"""MRF3Net's encoder: receptive fields side by side, and fusion of a level with the finer one (IEEE TGRS 2024)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import NARROW_NORMAL, SqueezeExcitation, VanillaConv, biased_conv, check_image


class CutDown(BaseModule):
    """Half the size: the four pixels of each square and a 3x3 max pool side by side, then conv1x1-BN-ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.join = biased_conv(5 * channels, channels, 1, dict(type='BN'))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H / 2, W / 2)."""
        top, bottom = x[:, :, 0::2], x[:, :, 1::2]
        pixels = [top[..., 0::2], bottom[..., 0::2], top[..., 1::2], bottom[..., 1::2]]
        return self.join(torch.cat([*pixels, F.max_pool2d(x, 3, stride=2, padding=1)], dim=1))


class MultiReceptiveField(BaseModule):
    """Quarters of the channels pass kernels of several sizes; joined with the input, then squeeze and excitation.

    Args:
        channels: Input and output channels, divisible by 4.
        pointwise: The first quarter passes a 1x1 convolution, as the paper has it.  The official code sends it through
            the 7x7 convolution of the last quarter instead.
    """

    def __init__(self, channels: int, pointwise: bool) -> None:
        super().__init__()
        sizes = (3, 5, 7, 1) if pointwise else (3, 5, 7)
        self.convs = nn.ModuleList(biased_conv(channels // 4, channels // 4, size, dict(type='BN')) for size in sizes)
        self.join = VanillaConv(2 * channels, channels, 1)
        self.excitation = SqueezeExcitation(channels, 16)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        first, second, third, fourth = x.chunk(4, dim=1)
        # The order counts for the running statistics of a shared norm.
        fourth = self.convs[2](fourth)
        parts = [self.convs[-1](first), self.convs[0](second), self.convs[1](third), fourth]
        return self.excitation(self.join(torch.cat([*parts, x], dim=1)))


class FinerFusion(BaseModule):
    """A level and the finer one, each weighted by a map of the other; the sum passes a 1x1 convolution.

    One small network makes both maps.

    Args:
        low_channels: Of the finer level, which is twice as large.
        channels: Of the level and of the result.
    """

    def __init__(self, low_channels: int, channels: int) -> None:
        super().__init__()
        self.down = CutDown(low_channels)
        self.gate = nn.Sequential(VanillaConv(channels, channels // 16, 3), nn.Conv2d(channels // 16, 1, 1))
        self.of_low = VanillaConv(low_channels, channels, 1)
        self.of_high = VanillaConv(channels, channels, 1)
        self.join = VanillaConv(channels, channels, 1)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """(B, low_channels, 2 * H, 2 * W), (B, channels, H, W) -> (B, channels, H, W)."""
        low = self.of_low(self.down(low) * self.gate(high).sigmoid())
        high = self.of_high(high * self.gate(low).sigmoid())
        return self.join(high + low)


@MODELS.register_module()
class MRF3Encoder(BaseModule):
    """Three stages of MRF3Net.

    Source: MRF3Net (IEEE TGRS 2024); equal to the official code (Temperature-ai/MRF3Net, ``nets/MRF3Net.py``).

    Args:
        in_channels: Channels of the image.
        channels: Channels of the stages, finest first.
        pointwise: See :class:`MultiReceptiveField`; False is the official code.
        init_cfg: mmengine initialization; as in the official code.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (32, 64, 128),
        pointwise: bool = False,
        init_cfg: dict | Sequence[dict] | None = NARROW_NORMAL,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        self.in_channels = in_channels
        pairs = list(zip(channels, channels[1:]))
        self.stages = nn.ModuleList([VanillaConv(in_channels, channels[0], 3)])
        self.stages.extend(nn.Sequential(VanillaConv(low, high, 3), CutDown(high)) for low, high in pairs)
        self.fusions = nn.ModuleList(FinerFusion(low, high) for low, high in pairs)
        self.fields = nn.ModuleList(MultiReceptiveField(width, pointwise) for width in channels)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encode an image.

        Args:
            image: (B, 1 or in_channels, H, W); H and W divisible by 4.

        Returns:
            The stages' features, finest first, level ``i`` at stride ``2**i``, and that of the last stage before its
            fusion.

        Raises:
            ValueError: For a wrong channel count or image size.
        """
        image = check_image(self, image, self.in_channels, 2 ** (len(self.stages) - 1))
        plain = self.stages[0](image)
        outs = [self.fields[0](plain)]
        for stage, fusion, field in zip(self.stages[1:], self.fusions, self.fields[1:]):
            finer, plain = plain, stage(outs[-1])
            outs.append(field(fusion(finer, plain)))
        return (*outs, plain)
