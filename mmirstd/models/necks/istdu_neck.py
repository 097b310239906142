"""ISTDU-Net's decoder: external attention on every level, levels added from deep to shallow."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.utils import resize
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..layers import KAIMING_FAN_OUT
from .top_down import TopDownNeck

# The official code's: Kaiming (fan out) in the attentions, but for their biases; PyTorch's own in the decoder.
INIT_CFG = (
    *KAIMING_FAN_OUT,
    dict(type='mmirstd.PyTorchInit', within='AddFusion'),
    dict(type='mmirstd.PyTorchInit', within='ExternalAttention', without='ConvModule', weights=False),
)


class ExternalAttention(BaseModule):
    """External attention (Guo et al., 2021): attention over a learned memory instead of the image's own positions.

    conv1x1, similarities with ``memory`` entries, softmax over the positions, then over the entries divided by their
    sum, read back from a second memory, conv1x1-BN, added to the input.

    Args:
        channels: Input and output channels.
        memory: Number of memory entries.
        norm_cfg: Norm layer config.
    """

    def __init__(self, channels: int, memory: int = 64, norm_cfg: dict = dict(type='BN')) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels, 1)
        self.keys = nn.Conv1d(channels, memory, 1, bias=False)
        self.values = nn.Conv1d(memory, channels, 1, bias=False)
        self.project = ConvModule(channels, channels, 1, norm_cfg=norm_cfg, act_cfg=None)
        # Both memories start with the same entries, as in the official code, and are trained apart.
        nn.init.normal_(self.values.weight, std=(2 / channels) ** 0.5)
        self.keys.weight.data.copy_(self.values.weight.data.transpose(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        attention = self.keys(self.query(x).flatten(2)).softmax(dim=-1)
        attention = attention / (1e-9 + attention.sum(dim=1, keepdim=True))
        return x + self.project(self.values(attention).view_as(x))


class AddFusion(BaseModule):
    """The low level plus the high one after conv1x1-BN-ReLU and bilinear upsampling."""

    def __init__(self, high_channels: int, low_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.project = ConvModule(high_channels, low_channels, 1, norm_cfg=norm_cfg)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """(B, Ch, h, w), (B, Cl, H, W) -> (B, Cl, H, W)."""
        high = self.project(high)
        return low + resize(high, size=low.shape[2:], mode='bilinear', align_corners=False, warning=False)


@MODELS.register_module()
class ISTDUNeck(TopDownNeck):
    """Decoder of ISTDU-Net (Hou et al., IEEE GRSL 2022) in BasicIRSTD's form (``EDN`` and ``UPCt``).

    Args:
        in_channels: See :class:`TopDownNeck`.
        norm_cfg: See :class:`TopDownNeck`.
        init_cfg: mmengine initialization; the official code's by default.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        norm_cfg: dict = dict(type='BN'),
        init_cfg: dict | Sequence[dict] | None = INIT_CFG,
    ) -> None:
        super().__init__(in_channels, norm_cfg, init_cfg)

    def build_lateral(self, channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return ExternalAttention(channels, norm_cfg=self.norm_cfg)

    def build_fusion(self, high_channels: int, low_channels: int) -> nn.Module:
        """See :class:`TopDownNeck`."""
        return AddFusion(high_channels, low_channels, self.norm_cfg)
