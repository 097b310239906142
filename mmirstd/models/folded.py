"""Copies of networks for inference: batch norm folded into convolutions, channels last."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from mmcv.cnn import fuse_conv_bn
from torch import nn

from .layers import to_channels_last

T = TypeVar('T', bound=nn.Module)

#: Largest relative difference that folding may make in the logits of a small image; it is rounding.
TOLERANCE = 1e-4


def folded_copy(model: T) -> T:
    """A copy in eval mode that gives the same logits up to rounding, in less time.

    Batch norms are folded into the convolutions before them, and the convolutions' weights are in the channels-last
    order. mmcv takes a norm for that of the convolution that was registered before it. Where a network of someone else
    is written in another order, its logits show it, and the copy keeps its norms.

    Args:
        model: A segmentor of mmseg whose input has one channel. Its weights must not change afterwards.
    """
    model = copy.deepcopy(model).eval()
    folded = fuse_conv_bn(copy.deepcopy(model))
    chosen = folded if _same(model, folded) else model
    return to_channels_last(chosen)


@torch.no_grad()
def _same(model: nn.Module, other: nn.Module) -> bool:
    parameter = next((p for p in model.parameters() if p.is_floating_point()), None)
    if parameter is None:
        return True
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 1, 64, 64, generator=generator).to(parameter)
    try:
        expected, found = (network(image, mode='tensor') for network in (model, other))
    except (RuntimeError, ValueError):
        return False  # a network that takes no such image
    scale = float(expected.abs().max().clamp(min=1))
    return bool((expected - found).abs().max() <= TOLERANCE * scale)
