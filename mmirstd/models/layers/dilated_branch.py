"""A branch of the multi-scale local contrast blocks of MLCL-Net, ALCL-Net, GGL-Net and MSDA-Net."""

from __future__ import annotations

from mmcv.cnn import ConvModule
from mmengine.model import Sequential


def dilated_branch(channels: int, kernel_size: int, dilation: int, norm_cfg: dict | None = None) -> Sequential:
    """conv-ReLU, then a dilated conv3x3-ReLU, channels and size kept.

    The first convolution gathers the neighborhood of a pixel, the dilated one compares it with neighborhoods at a
    distance: a learned local contrast (MLCL-Net, Yu et al., 2022).  With a norm (conv-norm-ReLU) there are no biases.

    Args:
        channels: Input and output channels.
        kernel_size: Odd size of the first convolution.
        dilation: Of the second convolution.
        norm_cfg: Norm layer config of both; None for none.
    """
    return Sequential(
        ConvModule(channels, channels, kernel_size, padding=kernel_size // 2, norm_cfg=norm_cfg),
        ConvModule(channels, channels, 3, padding=dilation, dilation=dilation, norm_cfg=norm_cfg),
    )
