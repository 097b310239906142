"""Convolution-norm-activation with the bias that official IRSTD networks keep in front of batch norm."""

from __future__ import annotations

import warnings
from typing import Any

from mmcv.cnn import ConvModule
from torch import nn

from mmirstd.registry import MODELS


def biased_conv(
    in_channels: int, out_channels: int, kernel_size: int, norm_cfg: dict | None, dilation: int = 1, **kwargs: Any
) -> ConvModule:
    """``ConvModule`` with 'same' padding whose convolution has a bias even though a norm follows.

    The bias is redundant, but the official networks have it: without it their weights would not fit and the
    parameter counts would differ.  mmcv warns about that combination; here it is meant.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        kernel_size: Odd kernel size.
        norm_cfg: Norm layer config; None for no norm.
        dilation: Of the convolution.
        **kwargs: Further arguments of ``mmcv.cnn.ConvModule`` (``stride``, ``act_cfg``, ...).
    """
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='Unnecessary conv bias')
        return ConvModule(
            in_channels,
            out_channels,
            kernel_size,
            padding=dilation * (kernel_size // 2),
            dilation=dilation,
            bias=True,
            norm_cfg=norm_cfg,
            **kwargs,
        )


@MODELS.register_module()
class BiasedConv2d(nn.Conv2d):
    """``Conv2d`` that has its bias whatever the caller asks for.

    As ``conv_cfg`` it brings stock OpenMMLab networks, which leave the bias out before a norm, to the form of official
    codes that keep it, so that their weights and parameter counts fit.

    Args:
        *args: As ``torch.nn.Conv2d``.
        bias: Ignored.
        **kwargs: As ``torch.nn.Conv2d``.
    """

    def __init__(self, *args: Any, bias: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **dict(kwargs, bias=True))
