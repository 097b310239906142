"""A network whose outputs are NaN is an error: behind a threshold they would look like an image without a target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.utils.errors import DataError

from .frame_inference import NAN


def refuse_nan(head: nn.Module) -> None:
    """From now on a :class:`DataError` comes in place of outputs of ``head`` that hold NaN.

    Non-maximum suppression drops boxes whose score is NaN, so that behind it nothing is seen of them.
    """
    head.register_forward_hook(_check)


def _check(head: nn.Module, inputs: Any, outputs: Any) -> None:
    if any(bool(torch.isnan(tensor).any()) for tensor in _tensors(outputs)):
        raise DataError(NAN)


def _tensors(outputs: Any) -> Iterator[Tensor]:
    if isinstance(outputs, Tensor):
        if outputs.is_floating_point():
            yield outputs
    elif isinstance(outputs, (list, tuple)):
        for item in outputs:
            yield from _tensors(item)
