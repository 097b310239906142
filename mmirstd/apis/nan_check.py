"""A network whose outputs are NaN is an error: behind a threshold they would look like an image without a target."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.utils.errors import DataError

from .frame_inference import NAN


@contextmanager
def no_nan(head: nn.Module) -> Iterator[None]:
    """Within, a :class:`DataError` comes in place of outputs of ``head`` that hold NaN.

    Non-maximum suppression drops boxes whose score is NaN, so that behind it nothing is seen of them. Outside the head
    is as it was: what is exported must not look at values.
    """
    hook = head.register_forward_hook(_check)
    try:
        yield
    finally:
        hook.remove()


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
