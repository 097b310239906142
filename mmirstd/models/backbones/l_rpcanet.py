"""L-RPCANet: a lightweight RPCANet with a noise map (2025)."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import PooledMLP, biased_conv
from .rpcanet import XAVIER, UnfoldedRPCA


class GatedNet(BaseModule):
    """Gray image to gray image: convolutions, squeeze and excitation, a last convolution.

    Args:
        hidden: Channels of the first convolution and of those after it.
        channels: Channels of the gated feature.
        num_layers: 3x3 convolutions between ``hidden`` channels.
        first_size: Kernel size of the first convolution.
        norm_cfg: Norm layer of all but the convolution that widens; None for none.
        widen: Whether a 3x3 convolution without activation leads from ``hidden`` to ``channels``.
    """

    def __init__(
        self, hidden: int, channels: int, num_layers: int, first_size: int, norm_cfg: dict | None, widen: bool = True
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [biased_conv(1, hidden, first_size, norm_cfg)]
        layers += [biased_conv(hidden, hidden, 3, norm_cfg) for _ in range(num_layers)]
        if widen:
            layers.append(biased_conv(hidden, channels, 3, norm_cfg=None, act_cfg=None))
        self.layers = nn.Sequential(*layers)
        self.gate = PooledMLP(channels, channels // 16)
        self.leave = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, 1, H, W)."""
        feature = self.layers(x)
        return self.leave(feature * self.gate(feature).sigmoid())


class NoisyStage(BaseModule):
    """One unfolded iteration: background B, targets T, noise N, image D.

    ``B = x + net(x)`` of ``x = D - T - N``; ``T = x - eps * net(x)`` of ``x = T + D - B - N``;
    ``N = x - sigma * net(x)`` of ``x = N + D - B - T``; ``D = net(B + T + N)``.

    Args:
        hidden: Channels of the small networks.
        channels: Channels of their gated features, and of the reconstruction network.
        low_rank_layers: Hidden convolutions of the background network.
        sparse_layers: Hidden convolutions of the target network.
        noise_layers: Hidden convolutions of the noise network.
        merge_layers: Hidden convolutions of the reconstruction network.
        norm_cfg: Norm layer of background and reconstruction network.
        carry_noise: Hand the noise to the next stage.
    """

    def __init__(
        self,
        hidden: int,
        channels: int,
        low_rank_layers: int,
        sparse_layers: int,
        noise_layers: int,
        merge_layers: int,
        norm_cfg: dict,
        carry_noise: bool,
    ) -> None:
        super().__init__()
        self.low_rank = GatedNet(hidden, channels, low_rank_layers, 1, norm_cfg)
        self.sparse = GatedNet(hidden, channels, sparse_layers, 1, None)
        self.noise = GatedNet(hidden, channels, noise_layers, 3, None)
        self.merge = GatedNet(channels, channels, merge_layers, 3, norm_cfg, widen=False)
        self.epsilon = nn.Parameter(torch.tensor([0.01]))
        self.sigma = nn.Parameter(torch.tensor([0.01]))
        self.carry_noise = carry_noise

    def forward(self, image: Tensor, target: Tensor, noise: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """D, T, N (None for 0) -> D, T and the next stage's N."""
        before = torch.zeros_like(image) if noise is None else noise
        rest = image - target - before
        background = rest + self.low_rank(rest)
        x = target + image - background - before
        target = x - self.epsilon * self.sparse(x)
        x = before + image - background - target
        noise = x - self.sigma * self.noise(x)
        return self.merge(background + target + noise), target, noise if self.carry_noise else None


@MODELS.register_module()
class LRPCANet(UnfoldedRPCA):
    """L-RPCANet (Liu et al., 2025); equal to ``LRPCANet`` in xianchaoxiu/L-RPCANet.

    :class:`RPCANet` with narrow networks, squeeze and excitation and a noise map beside background and targets.  The
    result goes to ``mmirstd.UnfoldingHead``.

    Args:
        in_channels: Must be 1.
        num_stages: Iterations.
        hidden: Channels of the small networks.
        channels: Channels of their gated features, and of the reconstruction networks.
        low_rank_layers: Hidden convolutions of each background network.
        sparse_layers: Hidden convolutions of each target network.
        noise_layers: Hidden convolutions of each noise network.
        merge_layers: Hidden convolutions of each reconstruction network.
        carry_noise: Hand each stage's noise to the next, as the paper's iteration does.  The official code drops it:
            all stages begin with noise 0.
        norm_cfg: Norm layer of background and reconstruction networks.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: int = 1,
        num_stages: int = 6,
        hidden: int = 16,
        channels: int = 32,
        low_rank_layers: int = 3,
        sparse_layers: int = 6,
        noise_layers: int = 6,
        merge_layers: int = 3,
        carry_noise: bool = False,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | tuple | list | None = XAVIER,
    ) -> None:
        layers = (low_rank_layers, sparse_layers, noise_layers, merge_layers)
        self._stage_args = (hidden, channels, *layers, norm_cfg, carry_noise)
        super().__init__(in_channels, num_stages, init_cfg)

    def build_stage(self, index: int) -> nn.Module:
        """See :class:`UnfoldedRPCA`."""
        return NoisyStage(*self._stage_args)
