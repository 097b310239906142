"""The residual block of DNANet and MSHNet, and without attention that of ResUNet."""

from __future__ import annotations

from mmcv.cnn import build_activation_layer
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from .cbam import CBAM
from .conv import biased_conv
from .pinwheel_conv import PinwheelConv


class CBAMResidualBlock(BaseModule):
    """``ReLU(CBAM(body(x)) + shortcut(x))``, the body being conv3x3-BN-ReLU-conv3x3-BN.

    The shortcut is the identity where the shapes allow it and conv1x1-BN elsewhere.  Unlike mmseg's ``BasicBlock`` the
    convolutions have biases, as in DNANet's official code (YeRen123455/Infrared-Small-Target-Detection,
    ``Res_CBAM_block``).

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        stride: Of the first convolution and of the shortcut.
        cbam_ratio: Reduction of CBAM's channel attention; None leaves the attention out (a plain residual block).
        norm_cfg: Norm layer config.
        act_cfg: Activation config.
        init_cfg: mmengine initialization.
        pinwheel_sizes: None, or the sizes of two pinwheel-shaped convolutions (with SiLU) that are the body instead.
        project: Convolve the shortcut although the shapes would allow the identity.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        cbam_ratio: int | None = 16,
        norm_cfg: dict = dict(type='BN'),
        act_cfg: dict = dict(type='ReLU'),
        init_cfg: dict | None = None,
        pinwheel_sizes: tuple[int, int] | None = None,
        project: bool = False,
    ) -> None:
        super().__init__(init_cfg)
        if pinwheel_sizes is not None:
            first, second = pinwheel_sizes
            self.body = Sequential(
                PinwheelConv(in_channels, out_channels, first, stride, norm_cfg),
                PinwheelConv(out_channels, out_channels, second, norm_cfg=norm_cfg),
            )
        else:
            self.body = Sequential(
                biased_conv(in_channels, out_channels, 3, norm_cfg, stride=stride, act_cfg=act_cfg),
                biased_conv(out_channels, out_channels, 3, norm_cfg, act_cfg=None),
            )
        self.attention = nn.Identity() if cbam_ratio is None else CBAM(out_channels, cbam_ratio)
        self.shortcut: nn.Module = nn.Identity()
        if project or stride != 1 or in_channels != out_channels:
            self.shortcut = biased_conv(in_channels, out_channels, 1, norm_cfg, stride=stride, act_cfg=None)
        self.act = build_activation_layer({'inplace': True, **act_cfg})

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H / stride, W / stride)."""
        return self.act(self.attention(self.body(x)) + self.shortcut(x))


def cbam_residual_layer(
    in_channels: int,
    out_channels: int,
    num_blocks: int = 1,
    cbam_ratio: int | None = 16,
    norm_cfg: dict = dict(type='BN'),
    act_cfg: dict = dict(type='ReLU'),
    pinwheel_sizes: tuple[int, int] | None = None,
) -> Sequential:
    """``num_blocks`` :class:`CBAMResidualBlock` in a row, the first of which changes the channels."""
    return Sequential(
        *(
            CBAMResidualBlock(
                in_channels if i == 0 else out_channels,
                out_channels,
                1,
                cbam_ratio,
                norm_cfg,
                act_cfg,
                pinwheel_sizes=pinwheel_sizes,
            )
            for i in range(num_blocks)
        )
    )
