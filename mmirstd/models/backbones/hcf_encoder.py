"""HCF-Net's encoder (ICME 2024, arXiv 2403.10778)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import PatchAwareAttention, biased_conv, check_image


class GroupBatchNorm2d(nn.BatchNorm2d):
    """Batch norm that groups of channels pass one after the other, as if each were a batch of its own.

    In training each group is normalized by its own statistics, and the running ones take in all groups in turn; in
    evaluation all groups are normalized alike.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def forward(self, x: Tensor) -> Tensor:
        """(B, G, C, H, W) -> the same shape."""
        if not self.training:
            return super().forward(x.flatten(0, 1)).view_as(x)
        groups = x.shape[1]
        out = F.batch_norm(
            x.flatten(1, 2), None, None, self.weight.repeat(groups), self.bias.repeat(groups), True, 0, self.eps
        )
        with torch.no_grad():
            keep = 1 - self.momentum
            # The last group weighs most.
            shares = self.momentum * keep ** torch.arange(groups - 1, -1, -1, device=x.device, dtype=x.dtype)
            variance, mean = torch.var_mean(x.detach(), dim=(0, 3, 4))  # (G, C)
            for running, groupwise in ((self.running_mean, mean), (self.running_var, variance)):
                running.mul_(keep**groups).add_((shares[:, None] * groupwise).sum(dim=0))
            self.num_batches_tracked += groups
        return out.unflatten(1, (groups, -1))


class DilatedChannelRefinement(BaseModule):
    """Multi-dilated channel refiner (MDCR): quarters of the channels see different distances and are mixed one by one.

    Each quarter passes a depthwise convolution of another dilation.  Then the first channels of the four quarters are
    mixed by a 1x1 convolution from four channels to four, and the second ones by the same, and so on.

    Args:
        channels: Input and output channels, a multiple of 4.
        dilations: Of the quarters.
        norm_cfg: Norm layer config.
    """

    def __init__(
        self, channels: int, dilations: Sequence[int] = (1, 6, 12, 18), norm_cfg: dict = dict(type='BN')
    ) -> None:
        super().__init__()
        quarter = channels // 4
        self.branches = nn.ModuleList(
            biased_conv(quarter, quarter, 3, norm_cfg, dilation=dilation, groups=quarter) for dilation in dilations
        )
        self.mix = nn.Conv2d(4, 4, 1)
        self.mix_norm = GroupBatchNorm2d(4)
        self.leave = biased_conv(channels, channels, 1, norm_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        quarters = [branch(part) for branch, part in zip(self.branches, x.chunk(4, dim=1))]
        groups = torch.stack(quarters, dim=2)  # (B, C / 4, 4, H, W)
        mixed = self.mix(groups.flatten(0, 1)).view_as(groups)
        return self.leave(F.relu(self.mix_norm(mixed)).flatten(1, 2))


@MODELS.register_module()
class HCFEncoder(BaseModule):
    """Encoder of HCF-Net (Xu et al., ICME 2024, arXiv 2403.10778), with a 2x2 max pool between its levels.

    A :class:`~mmirstd.models.layers.PatchAwareAttention` a level; the deepest level is refined by
    :class:`DilatedChannelRefinement`.  Equal to the official code (zhengshuchen/HCFNet, basicseg/networks/HCFnet.py),
    which needs sizes divisible by 64; here 16 are enough (see
    :class:`~mmirstd.models.layers.patch_aware_attention.LocalGlobalAttention`).

    Args:
        in_channels: Channels of the image; a one-channel image is repeated if there are more.
        channels: Channels of the levels, finest first.
        official: See :class:`~mmirstd.models.layers.patch_aware_attention.LocalGlobalAttention`.
        norm_cfg: Norm layer config.
        init_cfg: mmengine initialization; PyTorch's own by default, as in the official code.

    Raises:
        ValueError: In ``forward`` for a wrong channel count or image size.
    """

    def __init__(
        self,
        in_channels: int = 1,
        channels: Sequence[int] = (32, 64, 128, 256, 512),
        official: bool = True,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | list[dict] | None = dict(type='mmirstd.PyTorchInit', within='HCFEncoder'),
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.stages = nn.ModuleList(
            PatchAwareAttention(before, after, official=official, norm_cfg=norm_cfg)
            for before, after in zip([in_channels, *channels[:-1]], channels)
        )
        self.pool = nn.MaxPool2d(2, 2)
        self.refinement = DilatedChannelRefinement(channels[-1], norm_cfg=norm_cfg)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B, 1 or in_channels, H, W) -> features, finest first, level ``i`` at stride ``2**i``."""
        x = check_image(self, image, self.in_channels, 2 ** (len(self.stages) - 1))
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(self.pool(x) if i else x)
            outs.append(x)
        return (*outs[:-1], self.refinement(outs[-1]))
