"""Copies of networks whose every size follows the input when they are traced."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch.nn.functional as F
from mmseg.models.utils import Upsample
from torch import Tensor, nn

from mmirstd.models.layers.frequency_attention import FrequencyAttention
from mmirstd.models.layers.high_pass import DynamicHighPass
from mmirstd.models.layers.rank_attention import RankAttention
from mmirstd.models.layers.spectral_filter import SpectralFilter
from mmirstd.models.necks.agpc_neck import AttentionGuidedContext

from .any_size_context import AnySizeContext
from .any_size_frequency import AnySizeFrequency
from .any_size_ranks import AnySizeRanks
from .spectral_matrices import MatrixHighPass, MatrixSpectralFilter

T = TypeVar('T', bound=nn.Module)


class ScaledUpsample(nn.Module):
    """mmseg's ``Upsample`` by a factor; its own computes the size as a number, which would stay in the graph."""

    def __init__(self, upsample: Upsample) -> None:
        super().__init__()
        self.scale_factor, self.mode, self.align_corners = (
            upsample.scale_factor,
            upsample.mode,
            upsample.align_corners,
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H', W')."""
        return F.interpolate(x, None, self.scale_factor, self.mode, self.align_corners)


def traceable_copy(model: T) -> T:
    """A copy in eval mode, on the CPU, in float32, that gives the same results and can be traced for any size."""
    model = copy.deepcopy(model).cpu().float().eval()
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, Upsample) and not child.size:
                setattr(module, name, ScaledUpsample(child))
            elif isinstance(child, AttentionGuidedContext):
                setattr(module, name, AnySizeContext(child))
            elif isinstance(child, FrequencyAttention):
                setattr(module, name, AnySizeFrequency(child))
            elif isinstance(child, RankAttention):
                setattr(module, name, AnySizeRanks(child))
            elif isinstance(child, SpectralFilter):
                setattr(module, name, MatrixSpectralFilter(child))
            elif isinstance(child, DynamicHighPass):
                setattr(module, name, MatrixHighPass(child))
    return model
