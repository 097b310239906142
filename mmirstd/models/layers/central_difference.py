"""Central difference convolution."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mmirstd.registry import MODELS

# For ``conv_cfg``.
CENTRAL_DIFFERENCE = dict(type='mmirstd.CentralDifferenceConv2d')


@MODELS.register_module()
class CentralDifferenceConv2d(nn.Conv2d):
    """Convolution minus ``theta`` times the sum of its taps at the center (Yu et al., CVPR 2020).

    The bias is subtracted ``theta`` times, too, as official codes do; with ``theta=1`` a flat image gives 0.  For a
    kernel of odd size whose padding keeps the size.

    Args:
        *args: As ``torch.nn.Conv2d``.
        theta: In [0, 1]; 0 is the plain convolution.
        **kwargs: As ``torch.nn.Conv2d``.
    """

    def __init__(self, *args: Any, theta: float = 0.7, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theta = theta

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H / stride, W / stride)."""
        total = self.weight.sum(dim=(2, 3), keepdim=True)
        return super().forward(x) - self.theta * F.conv2d(x, total, self.bias, self.stride)
