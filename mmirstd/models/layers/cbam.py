"""CBAM (Woo et al., 2018): its two attention maps, to be multiplied by the caller, and the whole of it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from .global_mean import global_mean
from .initialization import PYTORCH_CONV


class ChannelAttention(BaseModule):
    """Channel attention map from a shared MLP on the global maximum and the global mean.

    Args:
        channels: Input channels.
        ratio: Reduction of the hidden layer; its width is ``max(1, channels // ratio)``.
        bias: Whether the MLP has biases.
        init_cfg: mmengine initialization.
    """

    def __init__(self, channels: int, ratio: int = 8, bias: bool = False, init_cfg: dict | None = PYTORCH_CONV) -> None:
        super().__init__(init_cfg)
        hidden = max(1, channels // ratio)
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=bias), nn.ReLU(inplace=True), nn.Conv2d(hidden, channels, 1, bias=bias)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 1, 1), in (0, 1)."""
        return torch.sigmoid(self.mlp(F.adaptive_max_pool2d(x, 1)) + self.mlp(global_mean(x)[:, :, None, None]))


class SpatialAttention(BaseModule):
    """Spatial attention map from a convolution over the channel maximum and the channel mean, in this order.

    Official codes that stack the mean first are loaded by swapping the weight's input channels
    (``swap_inputs`` in mmirstd/key_maps/key_map.py).

    Args:
        kernel_size: Odd size of the convolution.
        bias: Whether the convolution has a bias.
        norm_cfg: Norm layer between the convolution and the sigmoid; None for none.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        kernel_size: int = 7,
        bias: bool = True,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = PYTORCH_CONV,
    ) -> None:
        super().__init__(init_cfg)
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=bias)
        self.norm = nn.Identity() if norm_cfg is None else build_norm_layer(norm_cfg, 1)[1]

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W), in (0, 1)."""
        pooled = torch.cat([x.amax(dim=1, keepdim=True), x.mean(dim=1, keepdim=True)], dim=1)
        return torch.sigmoid(self.norm(self.conv(pooled)))


class CBAM(BaseModule):
    """Convolutional block attention module: the feature weighted by channel, then by position (Woo et al., 2018).

    Args:
        channels: Input and output channels.
        ratio: Reduction of the channel attention.
        kernel_size: Of the spatial attention.
        channel_bias: Biases in the channel attention's MLP.
        spatial_norm_cfg: Norm layer of the spatial attention; None for none.
        init_cfg: mmengine initialization.
    """

    def __init__(
        self,
        channels: int,
        ratio: int = 16,
        kernel_size: int = 7,
        channel_bias: bool = False,
        spatial_norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.channel_attention = ChannelAttention(channels, ratio, channel_bias)
        self.spatial_attention = SpatialAttention(kernel_size, bias=False, norm_cfg=spatial_norm_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        x = x * self.channel_attention(x)
        return x * self.spatial_attention(x)
