"""Copies of networks for inference: batch norm folded into convolutions, channels last."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import torch
from mmcv.cnn import fuse_conv_bn
from torch import nn

from .layers import to_channels_last

T = TypeVar('T', bound=nn.Module)

#: Largest relative difference that folding may make in the outputs of a small image; it is rounding.
TOLERANCE = 1e-4


def folded_copy(model: T) -> T:
    """A copy in eval mode that gives the same logits up to rounding, in less time.

    Batch norms are folded (:func:`fold_norms`), and the convolutions' weights are in the channels-last order.

    Args:
        model: A segmentor of mmseg whose input has one channel. Its weights must not change afterwards.
    """
    return to_channels_last(fold_norms(copy.deepcopy(model).eval(), [(1, 1, 64, 64)]))


def fold_norms(model: T, shapes: Sequence[tuple[int, ...]]) -> T:
    """The model with its batch norms folded into the convolutions before them.

    mmcv takes a norm for that of the convolution that was registered before it. Where a network of someone else is
    written in another order, its outputs show it, and the model is returned as it was.

    Args:
        model: In eval mode; its ``forward(inputs, mode='tensor')`` runs the network.
        shapes: Of a small input; the first that the network takes counts.
    """
    folded = fuse_conv_bn(copy.deepcopy(model))
    return folded if any(_same(model, folded, shape) for shape in shapes) else model


@torch.no_grad()
def _same(model: nn.Module, other: nn.Module, shape: tuple[int, ...]) -> bool:
    parameter = next((p for p in model.parameters() if p.is_floating_point()), None)
    if parameter is None:
        return True
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(shape, generator=generator).to(parameter)
    try:
        expected, found = (list(_tensors(network(image, mode='tensor'))) for network in (model, other))
    except (RuntimeError, ValueError):
        return False  # a network that takes no such image
    return all(
        bool((one - two).abs().max() <= TOLERANCE * float(one.abs().max().clamp(min=1)))
        for one, two in zip(expected, found)
    )


def _tensors(node: Any) -> Iterator[torch.Tensor]:
    """Those in any nesting of tuples and lists."""
    if isinstance(node, torch.Tensor):
        yield node
    else:
        for item in node:
            yield from _tensors(item)
