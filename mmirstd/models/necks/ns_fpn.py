"""NS-FPN: a feature pyramid that suppresses noise (CVPR 2026, arXiv 2508.06878)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmdet.models.necks.fpn import FPN
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import FILTER_BANK_SCALE, PYTORCH_CONV, SpatialAttention, haar_inverse, haar_subbands
from .spiral_sampling import SpiralSampling


class GaussianBlur(BaseModule):
    """3x3 Gaussian blur of each channel with one learned width; borders are repeated.

    Args:
        channels: Input and output channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.sigma = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        offsets = torch.arange(-1, 2, dtype=self.sigma.dtype, device=self.sigma.device)
        kernel = torch.exp(-(offsets[:, None].square() + offsets.square()) / (2 * self.sigma**2))
        kernel = (kernel / kernel.sum()).expand(self.channels, 1, 3, 3)
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode='replicate'), kernel, groups=self.channels)


class FeaturePurification(BaseModule):
    """Low-frequency guided feature purification (LFP): the high Haar subbands of a feature are cleaned.

    A spatial attention from the low subband weighs the three high ones.  Of these, coefficients smaller than a
    threshold are replaced by their blurred neighborhood; then the feature is rebuilt.  Odd heights and widths are made
    even by repeating the last row and column (the official code, which shrinks, knows even ones only).

    Args:
        channels: Input and output channels.
        threshold: Size below which a high coefficient counts as noise.
        official_order: The official code stacks the subbands band by band and reads them channel by channel before it
            rebuilds: channel ``c`` gets the bands ``3 c`` to ``3 c + 2`` of the stack, which belong to other channels.
            True keeps this, for its weights; False rebuilds each channel from its own subbands.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self, channels: int, threshold: float = 0.5, official_order: bool = True, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.threshold = threshold
        self.official_order = official_order
        self.attention = SpatialAttention(bias=False)
        self.blur = GaussianBlur(3 * channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        height, width = x.shape[2:]
        if height % 2 or width % 2:
            x = F.pad(x, (0, width % 2, 0, height % 2), mode='replicate')
        low, *high = haar_subbands(x, scale=FILTER_BANK_SCALE)
        bands = torch.cat(high, dim=1) * self.attention(low)
        bands = torch.where(bands.abs() < self.threshold, self.blur(bands), bands)
        stack = bands.unflatten(1, (-1, 3)).transpose(1, 2) if self.official_order else bands.unflatten(1, (3, -1))
        high_y, high_x, high_xy = stack.unbind(dim=1)
        return haar_inverse(low, high_y, high_x, high_xy, FILTER_BANK_SCALE)[:, :, :height, :width]


@MODELS.register_module()
class NSFPN(FPN):
    """Noise-suppression feature pyramid: FPN whose laterals are purified and whose levels are fused by spiral sampling.

    Source: "Seeing Through the Noise", CVPR 2026, arXiv 2508.06878; equal to the official code (mengduann/NS-FPN,
    model/NS_FPN.py).  It has mmdet FPN's arguments and outputs and so can stand wherever that stands::

        model = dict(neck=dict(_delete_=True, type='mmirstd.NSFPN', in_channels=[256, 512, 1024, 2048],
                               out_channels=256, num_outs=5))

    also inside of :class:`BPFPN`, and with :class:`SkipPyramid` between the encoder and the decoder of a U-shaped
    segmentation network.  Unlike an FPN's, its top-down path does not add the coarser level but samples it: each level
    keeps its own size whatever the others have.

    Args:
        in_channels: Channels of the levels, finest first.
        out_channels: Channels of all outputs, a multiple of ``num_heads``.
        num_outs: Number of outputs, as for mmdet's FPN.
        num_heads: Attention heads of the spiral sampling.
        num_points: Points of a spiral.
        threshold: Of :class:`FeaturePurification`.
        official_order: Of :class:`FeaturePurification`.
        norm_cfg: Norm layer of all convolutions.
        act_cfg: Activation of the lateral and output convolutions.
        init_cfg: mmengine initialization; PyTorch's own by default, as in the official code.
        **kwargs: Further arguments of mmdet's FPN (``start_level``, ``add_extra_convs``, ...), without those of its
            upsampling.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        num_outs: int,
        num_heads: int = 8,
        num_points: int = 4,
        threshold: float = 0.5,
        official_order: bool = True,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        init_cfg: dict | list[dict] | None = PYTORCH_CONV,
        **kwargs,
    ) -> None:
        super().__init__(
            list(in_channels), out_channels, num_outs, norm_cfg=norm_cfg, act_cfg=act_cfg, init_cfg=init_cfg, **kwargs
        )
        levels = len(self.lateral_convs)
        self.purifications = nn.ModuleList(
            FeaturePurification(out_channels, threshold, official_order) for _ in range(levels)
        )
        # samplings[i] makes level i.
        self.samplings = nn.ModuleList(
            SpiralSampling(out_channels, num_heads, num_points, norm_cfg) for _ in range(levels - 1)
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Fuse the levels.

        Args:
            inputs: Features, finest first, level ``i`` of shape (B, in_channels[i], H_i, W_i).

        Returns:
            ``num_outs`` features with ``out_channels`` channels, finest first: one of each used level's size, then
            extra levels, each half the size of the one before.

        Raises:
            ValueError: If the number of levels differs from ``in_channels``.
        """
        if len(inputs) != len(self.in_channels):
            raise ValueError(f'NSFPN was built for {len(self.in_channels)} levels, got {len(inputs)}')
        used = inputs[self.start_level : self.backbone_end_level]
        levels = [purify(conv(x)) for x, conv, purify in zip(used, self.lateral_convs, self.purifications)]
        for i in reversed(range(len(self.samplings))):
            levels[i] = self.samplings[i](levels[i], levels[i + 1])
        outs = [conv(level) for level, conv in zip(levels, self.fpn_convs)]
        sources = dict(on_input=used[-1], on_lateral=levels[-1], on_output=outs[-1])
        for i in range(len(levels), self.num_outs):
            if not self.add_extra_convs:
                outs.append(F.max_pool2d(outs[-1], 1, stride=2))
            elif i == len(levels):
                outs.append(self.fpn_convs[i](sources[self.add_extra_convs]))
            else:
                outs.append(self.fpn_convs[i](F.relu(outs[-1]) if self.relu_before_extra_convs else outs[-1]))
        return tuple(outs)
