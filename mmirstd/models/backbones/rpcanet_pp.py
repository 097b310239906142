"""RPCANet++: RPCANet with a memory between the stages and a contrast prior (arXiv 2508.04190)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import biased_conv
from .rpcanet import XAVIER, MergeStep, UnfoldedRPCA, gray_to_gray

Memory = tuple[Tensor, Tensor]


class PlainResidual(BaseModule):
    """``x + conv(ReLU(conv(x)))``, 3x3 without norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = Sequential(
            biased_conv(channels, channels, 3, norm_cfg=None),
            biased_conv(channels, channels, 3, norm_cfg=None, act_cfg=None),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return x + self.body(x)


class StageLSTM(BaseModule):
    """Convolutional LSTM cell along the stages; each stage has its own weights.

    In the first stage there is no state: the cell is ``c = i * j`` and, as in the official code, the output is
    ``o * c`` without the hyperbolic tangent.

    Args:
        channels: Of input, state and output.
        first: This is the first stage's cell, which needs neither a forget gate nor convolutions of the state.
        official_unused: Makes those all the same, so that official weights fit without loss.
    """

    def __init__(self, channels: int, first: bool, official_unused: bool = False) -> None:
        super().__init__()

        def conv() -> nn.Conv2d:
            return nn.Conv2d(channels, channels, 3, padding=1)

        whole = not first or official_unused
        self.first = first
        self.of_input = nn.ModuleDict({gate: conv() for gate in ('fioj' if whole else 'ioj')})
        self.of_state = nn.ModuleDict({gate: conv() for gate in ('fioj' if whole else '')})

    def forward(self, x: Tensor, memory: Memory | None) -> Memory:
        """Input (B, C, H, W), state of the previous stage -> output, which is the hidden state as well, and cell."""
        if self.first:
            cell = torch.sigmoid(self.of_input['i'](x)) * torch.tanh(self.of_input['j'](x))
            return torch.sigmoid(self.of_input['o'](x)) * cell, cell
        assert memory is not None  # only the first stage has none
        hidden, cell = memory
        forget, enter, leave, new = (self.of_input[gate](x) + self.of_state[gate](hidden) for gate in 'fioj')
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        return torch.sigmoid(leave) * torch.tanh(cell), cell


class MemoryLowRankStep(BaseModule):
    """Background estimate with a memory (the paper's memory-augmented module)."""

    def __init__(self, channels: int, first: bool, norm_cfg: dict, official_unused: bool) -> None:
        super().__init__()
        self.enter = Sequential(biased_conv(1, channels, 3, norm_cfg), PlainResidual(channels))
        self.memory = StageLSTM(channels, first, official_unused)
        self.leave = Sequential(PlainResidual(channels), biased_conv(channels, 1, 3, norm_cfg=None, act_cfg=None))

    def forward(self, image: Tensor, target: Tensor, memory: Memory | None) -> tuple[Tensor, Memory]:
        """D, T (B, 1, H, W) and the previous stage's memory -> B (B, 1, H, W) and memory."""
        rest = image - target
        memory = self.memory(self.enter(rest), memory)
        return rest + self.leave(memory[0]), memory


class ContrastConv(BaseModule):
    """Weighted center minus surroundings: ``theta * (sum of the kernel) x - kernel * x``.

    With theta = 1 it is a central difference convolution; theta comes from a channel attention on the global mean,
    whose batch norm sees one value for each sample: training needs at least two samples in a batch.

    Args:
        channels: Input and output channels.
        kernel_size: Odd.
        ratio: Reduction of the attention.
        norm_cfg: Norm layer of the attention.
    """

    def __init__(self, channels: int, kernel_size: int, ratio: int, norm_cfg: dict) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size, padding=kernel_size // 2, bias=False)
        self.attention = Sequential(
            biased_conv(channels, channels // ratio, 1, norm_cfg),
            biased_conv(channels // ratio, channels, 1, norm_cfg, act_cfg=dict(type='Sigmoid')),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        theta = self.attention(x.mean(dim=(2, 3), keepdim=True))
        center = F.conv2d(x, self.conv.weight.sum(dim=(2, 3), keepdim=True))
        return theta * center - self.conv(x)


class ContrastSparseStep(BaseModule):
    """Target update whose network sees the deep contrast prior beside its input."""

    def __init__(self, channels: int, num_layers: int, kernel_size: int, norm_cfg: dict) -> None:
        super().__init__()
        self.net = gray_to_gray(channels, num_layers, norm_cfg=None)
        self.epsilon = nn.Parameter(torch.tensor([0.01]))
        self.enter = biased_conv(1, channels, 3, norm_cfg=None)
        self.contrast = ContrastConv(channels, kernel_size, ratio=4, norm_cfg=norm_cfg)
        self.norm = nn.Sequential(build_norm_layer(norm_cfg, channels)[1], nn.LeakyReLU(0.1, inplace=True))
        self.leave = biased_conv(channels, 1, 3, norm_cfg=None, act_cfg=None)

    def forward(self, image: Tensor, background: Tensor, target: Tensor) -> Tensor:
        """D, B, T -> T; all (B, 1, H, W)."""
        x = target + image - background
        prior = self.leave(self.norm(self.contrast(self.enter(x))))
        return x - self.epsilon * self.net(x + prior)


class MemoryStage(BaseModule):
    """One unfolded iteration of RPCANet++."""

    def __init__(
        self,
        channels: int,
        sparse_layers: int,
        merge_layers: int,
        kernel_size: int,
        norm_cfg: dict,
        first: bool,
        official_unused: bool,
    ) -> None:
        super().__init__()
        self.low_rank = MemoryLowRankStep(channels, first, norm_cfg, official_unused)
        self.sparse = ContrastSparseStep(channels, sparse_layers, kernel_size, norm_cfg)
        self.merge = MergeStep(channels, merge_layers, norm_cfg)

    def forward(self, image: Tensor, target: Tensor, memory: Memory | None) -> tuple[Tensor, Tensor, Memory]:
        """D, T, memory -> D, T, memory."""
        background, memory = self.low_rank(image, target, memory)
        target = self.sparse(image, background, target)
        return self.merge(background, target), target, memory


@MODELS.register_module()
class RPCANetPP(UnfoldedRPCA):
    """RPCANet++ (Wu et al., 2025, arXiv 2508.04190); equal to ``RPCANet_LSTM`` in fengyiwu98/RPCANet.

    The published forms have 3, 6 and 9 stages.  Training needs two samples a batch (:class:`ContrastConv`).

    Args:
        in_channels: Must be 1.
        num_stages: Iterations.
        channels: Width of the small networks.
        sparse_layers: Hidden convolutions of each target network.
        merge_layers: Hidden convolutions of each reconstruction network.
        contrast_size: Kernel size of the contrast prior.
        norm_cfg: Norm layer.
        official_unused: Makes the ten parameters that the official first stage has and never uses.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        in_channels: int = 1,
        num_stages: int = 6,
        channels: int = 32,
        sparse_layers: int = 6,
        merge_layers: int = 3,
        contrast_size: int = 17,
        norm_cfg: dict = dict(type='BN'),
        official_unused: bool = False,
        init_cfg: dict | tuple | list | None = XAVIER,
    ) -> None:
        self._stage_args = (channels, sparse_layers, merge_layers, contrast_size, norm_cfg)
        self.official_unused = official_unused
        super().__init__(in_channels, num_stages, init_cfg)

    def build_stage(self, index: int) -> nn.Module:
        """See :class:`UnfoldedRPCA`."""
        return MemoryStage(*self._stage_args, first=index == 0, official_unused=self.official_unused and index == 0)
