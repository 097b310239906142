"""mmdet's CSPDarknet with a free number of image channels."""

from __future__ import annotations

from typing import Any

from mmdet.models.backbones import CSPDarknet as MMDetCSPDarknet
from mmdet.models.backbones.csp_darknet import Focus
from torch import nn

from mmirstd.registry import MODELS


@MODELS.register_module()
class CSPDarknet(MMDetCSPDarknet):
    """CSPDarknet (YOLOX) whose stem takes ``in_channels``; mmdet's is fixed to 3.

    The Focus stem puts each 2x2 neighborhood into the channels, so its convolution sees ``4 * in_channels``.
    Everything else, names of the parameters included, is mmdet's.

    Args:
        in_channels: Channels of the image: 1 for infrared, 3 for the official form (the gray image repeated).
        act_cfg: Activation.  mmdet's default is mmcv's Swish, the same function as a product of two tensors, which made
            a training step on CPU slower by a fifth.  Not in place: that would copy every input for the backward pass
            (a stack of convolutions, norms and SiLUs trained 4% slower with it).
        kwargs: Arguments of ``mmdet.CSPDarknet``; ``out_indices`` 1, 2, 3, 4 have strides 4, 8, 16, 32.

    Raises:
        ValueError: If ``in_channels`` is less than 1.
    """

    stem: nn.Module

    def __init__(self, in_channels: int = 1, act_cfg: dict = dict(type='SiLU', inplace=False), **kwargs: Any) -> None:
        if in_channels < 1:
            raise ValueError(f'in_channels is {in_channels}; expected a positive number')
        super().__init__(act_cfg=act_cfg, **kwargs)
        old: Any = self.stem.conv
        if in_channels != 3:
            self.stem = Focus(
                in_channels,
                old.out_channels,
                kernel_size=old.kernel_size[0],
                conv_cfg=kwargs.get('conv_cfg'),
                norm_cfg=kwargs.get('norm_cfg', dict(type='BN', momentum=0.03, eps=0.001)),
                act_cfg=act_cfg,
            )
