"""AGPCNet's decoder: attention-guided pyramid context, then asymmetric fusion (arXiv 2111.03580)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT, ContextGate, NonLocalBlock, biased_conv

# The official code's: Kaiming (fan out) for weights, PyTorch's own for biases.
INIT_CFG = (*KAIMING_FAN_OUT, dict(type='mmirstd.PyTorchInit', within='AGPCNeck', weights=False))


class AttentionGuidedContext(BaseModule):
    """Attention-guided context block (AGCB): pixels relate within patches, patches relate globally.

    The feature is cut into ``scale * scale`` patches (the last row and column take what is left over).  A shared
    :class:`NonLocalBlock` relates the pixels of each patch; the patches' maxima, related by another one, give each
    patch a weight for each channel.  Then conv3x3-BN, a gate that starts closed, and the residual.

    Args:
        channels: Input and output channels.
        scale: Patches along each side; fewer where the feature has fewer pixels.
        ratio: Reduction of query and key within the patches.
        norm_cfg: Norm layer config.
    """

    def __init__(self, channels: int, scale: int, ratio: int, norm_cfg: dict) -> None:
        super().__init__()
        self.scale = scale
        self.within = NonLocalBlock(channels, ratio)
        self.among = NonLocalBlock(channels, 1)
        self.gate = ContextGate(channels, 4, norm_cfg=norm_cfg)
        self.conv = biased_conv(channels, channels, 3, norm_cfg, act_cfg=None)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        rows, columns = min(self.scale, x.shape[2]), min(self.scale, x.shape[3])
        guide = self.gate(self.among(F.adaptive_max_pool2d(x, (rows, columns))))
        row_sizes, column_sizes = _patch_sizes(x.shape[2], rows), _patch_sizes(x.shape[3], columns)
        context = self._within_patches(x, row_sizes, column_sizes)
        guide = _spread(_spread(guide, row_sizes, dim=2), column_sizes, dim=3)
        return F.relu(self.gamma * self.conv(context * guide) + x)

    def _within_patches(self, x: Tensor, row_sizes: list[int], column_sizes: list[int]) -> Tensor:
        """The non-local block on each patch alone; patches of equal size go through it as one batch."""
        strips, top = [], 0
        for count, height in _runs(row_sizes):
            parts, left = [], 0
            for across, width in _runs(column_sizes):
                area = x[:, :, top : top + count * height, left : left + across * width]
                patches = area.unflatten(3, (across, width)).unflatten(2, (count, height))
                patches = patches.permute(0, 2, 4, 1, 3, 5)  # (B, rows, columns, C, height, width)
                related = self.within(patches.flatten(0, 2)).view(patches.shape)
                parts.append(related.permute(0, 3, 1, 4, 2, 5).reshape(area.shape))
                left += across * width
            strips.append(torch.cat(parts, dim=3))
            top += count * height
        return torch.cat(strips, dim=2)


class AsymmetricFusion(BaseModule):
    """AGPCNet's asymmetric fusion: the sum of both levels, gated by channel from above and by pixel from below.

    ``conv3x3-BN-ReLU(low + high) * global_gate(high) * pointwise_gate(low)``, the deep level being projected by
    conv1x1-BN-ReLU first.

    Args:
        high_channels: Channels of the deep level.
        low_channels: Channels of the shallow level and of the result.
        norm_cfg: Norm layer config.
    """

    def __init__(self, high_channels: int, low_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.project = biased_conv(high_channels, low_channels, 1, norm_cfg)
        self.channel_gate = ContextGate(low_channels, 4, pooled=True, norm_cfg=norm_cfg)
        self.pixel_gate = ContextGate(low_channels, 4, norm_cfg=norm_cfg)
        self.post = biased_conv(low_channels, low_channels, 3, norm_cfg)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = resize(high, size=low.shape[2:], mode='bilinear', align_corners=True, warning=False)
        high = self.project(high)
        return self.post(low + high) * self.channel_gate(high) * self.pixel_gate(low)


@MODELS.register_module()
class AGPCNeck(BaseModule):
    """Context pyramid on the deepest level, then asymmetric fusions from deep to shallow.

    Context pyramid: conv1x1 to ``1 / reduction`` of the channels, an :class:`AttentionGuidedContext` for each scale,
    all concatenated and brought back by conv1x1.

    Source: AGPCNet, arXiv 2111.03580; equal to the official code (Tianfang-Zhang/AGPCNet, ``models``) in the form it
    trains (``gca_type='patch'``, ``gca_att='post'``).

    Args:
        in_channels: Channels of the levels, finest first.
        scales: Patches along each side, a context block each.
        reduction: Reduction of the deepest level's channels in the pyramid.
        ratio: Reduction of query and key within the patches.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; the official code's by default.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (128, 256, 512),
        scales: Sequence[int] = (10, 6, 5, 3),
        reduction: int = 16,
        ratio: int = 4,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = INIT_CFG,
    ) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        deepest = in_channels[-1]
        width = deepest // reduction
        self.reduce = biased_conv(deepest, width, 1, norm_cfg)
        self.contexts = nn.ModuleList(AttentionGuidedContext(width, scale, ratio, norm_cfg) for scale in scales)
        self.expand = biased_conv(width * (len(scales) + 1), deepest, 1, norm_cfg)
        self.fusions = nn.ModuleList(
            AsymmetricFusion(high, low, norm_cfg) for low, high in zip(in_channels[:-1], in_channels[1:])
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Fuse the levels.

        Args:
            inputs: Features, finest first.

        Returns:
            As many features of the same shapes, finest first.
        """
        reduced = self.reduce(inputs[-1])
        outs = [self.expand(torch.cat([reduced, *(context(reduced) for context in self.contexts)], dim=1))]
        for fusion, low in zip(reversed(self.fusions), reversed(inputs[:-1])):
            outs.insert(0, fusion(outs[0], low))
        return tuple(outs)


def _patch_sizes(length: int, count: int) -> list[int]:
    """Equal patches; the last one takes the remainder."""
    return [length // count] * (count - 1) + [length // count + length % count]


def _runs(sizes: list[int]) -> list[tuple[int, int]]:
    """Number and size of equal patches in a row: all but the last, which joins them if it is as large."""
    if sizes[-1] == sizes[0]:
        return [(len(sizes), sizes[0])]
    return [(len(sizes) - 1, sizes[0]), (1, sizes[-1])]


def _spread(patches: Tensor, sizes: list[int], dim: int) -> Tensor:
    """Repeat each patch's value over its pixels; numbers of repeats in a tensor would make a GPU wait."""
    parts, first = [], 0
    for count, size in _runs(sizes):
        parts.append(patches.narrow(dim, first, count).repeat_interleave(size, dim))
        first += count
    return torch.cat(parts, dim)
