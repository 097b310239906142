"""RPCANet: robust principal component analysis unfolded into a network (WACV 2024)."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import biased_conv, check_image

# The official codes': Xavier for weights, PyTorch's own for biases.
XAVIER = (
    dict(type='Xavier', layer='Conv2d', distribution='normal'),
    dict(type='Constant', layer='_BatchNorm', val=1, bias=0),
    dict(type='mmirstd.PyTorchInit', within=['RPCANet', 'RPCANetPP', 'DRPCANet', 'LRPCANet'], weights=False),
)


def gray_to_gray(channels: int, num_layers: int, norm_cfg: dict | None) -> Sequential:
    """3x3 convolutions 1 -> channels -> (``num_layers`` times) channels -> 1, each but the last with norm and ReLU."""
    layers = [biased_conv(1 if i == 0 else channels, channels, 3, norm_cfg) for i in range(num_layers + 1)]
    return Sequential(*layers, biased_conv(channels, 1, 3, norm_cfg=None, act_cfg=None))


class LowRankStep(BaseModule):
    """Background estimate ``B = x + net(x)`` of what is left without the targets, ``x = D - T``."""

    def __init__(self, channels: int, num_layers: int, norm_cfg: dict) -> None:
        super().__init__()
        self.net = gray_to_gray(channels, num_layers, norm_cfg)

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """D, T -> B; all (B, 1, H, W)."""
        rest = image - target
        return rest + self.net(rest)


class SparseStep(BaseModule):
    """Target update ``T = x - eps * net(x)``, ``x = T + D - B``: one proximal gradient step with a learned prior."""

    def __init__(self, channels: int, num_layers: int) -> None:
        super().__init__()
        self.net = gray_to_gray(channels, num_layers, norm_cfg=None)
        self.epsilon = nn.Parameter(torch.tensor([0.01]))

    def forward(self, image: Tensor, background: Tensor, target: Tensor) -> Tensor:
        """D, B, T -> T; all (B, 1, H, W)."""
        x = target + image - background
        return x - self.epsilon * self.net(x)


class MergeStep(BaseModule):
    """Image ``D = net(B + T)`` that the next stage takes apart."""

    def __init__(self, channels: int, num_layers: int, norm_cfg: dict) -> None:
        super().__init__()
        self.net = gray_to_gray(channels, num_layers, norm_cfg)

    def forward(self, background: Tensor, target: Tensor) -> Tensor:
        """B, T -> D; all (B, 1, H, W)."""
        return self.net(background + target)


class UnfoldedRPCA(BaseModule):
    """Stages that split an image D into background B and targets T and put it together again.

    Args:
        in_channels: Must be 1: D, B and T are gray images.
        num_stages: Number of stages.
        init_cfg: mmengine initialization; Xavier as in the official code.

    Raises:
        ValueError: For another number of channels.
    """

    def __init__(self, in_channels: int, num_stages: int, init_cfg: dict | tuple | list | None) -> None:
        super().__init__(list(init_cfg) if isinstance(init_cfg, tuple) else init_cfg)
        if in_channels != 1:
            raise ValueError(f'{type(self).__name__} unfolds gray images: in_channels must be 1, got {in_channels}')
        self.stages = nn.ModuleList(self.build_stage(i) for i in range(num_stages))

    @abstractmethod
    def build_stage(self, index: int) -> nn.Module:
        """Module called with (D, T, memory), which returns the three for the next stage; the first memory is None."""

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take an image apart.

        Args:
            image: Shape (B, 1, H, W), about [0, 1].

        Returns:
            Target map (used as logits), reconstructed image, and the image itself, which ``mmirstd.UnfoldingHead``
            compares with the reconstruction; all (B, 1, H, W).
        """
        image = check_image(self, image, 1, 1)
        current, target, memory = image, torch.zeros_like(image), None
        for stage in self.stages:
            current, target, memory = stage(current, target, memory)
        return target, current, image


class Stage(BaseModule):
    """One unfolded iteration: background, targets, image.

    Args:
        low_rank: Called with (D, T), returns B.
        sparse: Called with (D, B, T), returns T.
        merge: Called with (B, T), returns D.
    """

    def __init__(self, low_rank: nn.Module, sparse: nn.Module, merge: nn.Module) -> None:
        super().__init__()
        self.low_rank = low_rank
        self.sparse = sparse
        self.merge = merge

    def forward(self, image: Tensor, target: Tensor, memory: Any) -> tuple[Tensor, Tensor, Any]:
        """D, T, memory (untouched) -> D, T, memory."""
        background = self.low_rank(image, target)
        target = self.sparse(image, background, target)
        return self.merge(background, target), target, memory


@MODELS.register_module()
class RPCANet(UnfoldedRPCA):
    """RPCANet (Wu et al., WACV 2024, arXiv 2311.00917); equal to ``RPCANet9`` in fengyiwu98/RPCANet.

    Robust PCA writes an image as low-rank background plus sparse targets, ``D = B + T``; each stage is one iteration
    of its solution in which small convolutional networks stand for the proximal operators.  All works at full
    resolution.  The result goes to ``mmirstd.UnfoldingHead``.

    Args:
        in_channels: Must be 1.
        num_stages: Iterations.
        channels: Width of the small networks.
        low_rank_layers: Hidden convolutions of each background network.
        sparse_layers: Hidden convolutions of each target network.
        merge_layers: Hidden convolutions of each reconstruction network.
        norm_cfg: Norm layer of background and reconstruction networks; the target networks have none.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: int = 1,
        num_stages: int = 6,
        channels: int = 32,
        low_rank_layers: int = 3,
        sparse_layers: int = 6,
        merge_layers: int = 3,
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | tuple | list | None = XAVIER,
    ) -> None:
        self._stage_args = (channels, low_rank_layers, sparse_layers, merge_layers, norm_cfg)
        super().__init__(in_channels, num_stages, init_cfg)

    def build_stage(self, index: int) -> nn.Module:
        """See :class:`UnfoldedRPCA`."""
        channels, low_rank_layers, sparse_layers, merge_layers, norm_cfg = self._stage_args
        return Stage(
            LowRankStep(channels, low_rank_layers, norm_cfg),
            SparseStep(channels, sparse_layers),
            MergeStep(channels, merge_layers, norm_cfg),
        )
