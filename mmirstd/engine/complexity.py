"""Parameters and FLOPs of a network."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


def count_flops(model: nn.Module, inputs: Tensor) -> int:
    """FLOPs of a forward pass in eval mode.

    Args:
        model: Its ``forward(inputs, mode='tensor')`` runs the network.
        inputs: A batch as the network takes it, (B, C, H, W) or clips (B, T, C, H, W).

    Returns:
        2 per multiply-accumulate of convolutions and matrix products, nothing else, as ``torch.utils.flop_counter``
        counts.
    """
    model.eval()
    counter = FlopCounterMode(display=False)
    # The counter does not know the fused kernels of attention, which would count as nothing.
    with torch.no_grad(), _plain_attention(), counter:
        model(inputs, mode='tensor')
    return counter.get_total_flops()


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Attention by matrix products: PyTorch's function on CPU, and its modules in eval mode (from PyTorch 2.2 on)."""
    switches: list[tuple[Callable[[], bool], Callable[[bool], Any]]] = [
        (torch.backends.cuda.flash_sdp_enabled, torch.backends.cuda.enable_flash_sdp),  # of CPU, too
    ]
    if hasattr(torch.backends, 'mha'):
        switches.append((torch.backends.mha.get_fastpath_enabled, torch.backends.mha.set_fastpath_enabled))
    before = [enabled() for enabled, _ in switches]
    for _, enable in switches:
        enable(False)
    try:
        yield
    finally:
        for (_, enable), was in zip(switches, before):
            enable(was)


def blank_input(model: Any, shape: tuple[int, int], channels: int = 1) -> Tensor:
    """One image of zeros, (1, C, H, W), or one clip, (1, T, C, H, W), where the network takes clips (``input_frames``).

    Args:
        model: The network.
        shape: Height and width in pixels.
        channels: Input channels C.
    """
    image = torch.zeros(1, channels, *shape)
    return image.unsqueeze(1).repeat(1, model.input_frames, 1, 1, 1) if hasattr(model, 'input_frames') else image


def count_params_and_flops(model: Any, shape: tuple[int, int], channels: int = 1) -> tuple[int, int]:
    """Count a network's parameters, and the FLOPs of the forward pass of one image or of one clip.

    Args:
        model: See :func:`count_flops`; with ``input_frames`` it takes clips.
        shape: Height and width in pixels.
        channels: Input channels.

    Returns:
        Number of parameters, and FLOPs as :func:`count_flops` counts them.
    """
    return sum(p.numel() for p in model.parameters()), count_flops(model, blank_input(model, shape, channels))


def inference_parameters(model: nn.Module, inputs: Tensor) -> int:
    """Parameters on which the outputs in eval mode depend, frozen ones too: without branches that only training uses.

    Args:
        model: See :func:`count_flops`; its outputs are tensors in any nesting.
        inputs: A batch as the network takes it.

    Returns:
        How many, counted by autograd from the outputs.
    """
    model.eval()
    parameters = [p for p in model.parameters() if p.is_floating_point()]
    frozen = [p for p in parameters if not p.requires_grad]
    for parameter in frozen:
        parameter.requires_grad_(True)
    try:
        with torch.enable_grad():
            outputs = [x.float().sum() for x in _tensors(model(inputs, mode='tensor')) if x.requires_grad]
            if not outputs or not parameters:
                return 0
            gradients = torch.autograd.grad(torch.stack(outputs).sum(), parameters, allow_unused=True)
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)
    return sum(p.numel() for p, g in zip(parameters, gradients) if g is not None)


def describe_network(model: Any, sample: dict[str, Any]) -> dict[str, Any]:
    """Size of a network on a sample of its data.

    Args:
        model: With mmengine's ``data_preprocessor``.
        sample: An item of its data set.

    Returns:
        ``parameters``; ``inference_parameters``, ``flops`` and ``input`` (the shape of one image or clip), which are
        None where the model cannot run in mode ``'tensor'``.
    """
    from mmengine.dataset import pseudo_collate

    found: dict[str, Any] = dict(
        parameters=sum(p.numel() for p in model.parameters()), inference_parameters=None, flops=None, input=None
    )
    try:
        inputs = model.data_preprocessor(pseudo_collate([sample]), False)['inputs']
        frames = getattr(model, 'input_frames', 1)
        if inputs.dim() == 5 and inputs.shape[1] != frames:  # a streaming test gives key frames alone
            inputs = inputs[:, -1:].expand(-1, frames, -1, -1, -1).contiguous()
        found['flops'] = count_flops(model, inputs)
        found['inference_parameters'] = inference_parameters(model, inputs)
        found['input'] = list(inputs.shape[1:])
    except (AttributeError, KeyError, NotImplementedError, TypeError, ValueError, RuntimeError) as error:
        # e.g. a two-stage detector, whose 'tensor' mode needs annotations
        print_log(
            f'no FLOPs: {type(model).__name__} does not run in mode "tensor" on a sample of its data '
            f'({type(error).__name__}: {error})',
            logger='current',
            level=logging.WARNING,
        )
    finally:
        model.zero_grad(set_to_none=True)
    return found


def _tensors(node: Any) -> Iterator[Tensor]:
    if isinstance(node, Tensor):
        yield node
    elif isinstance(node, dict):
        for item in node.values():
            yield from _tensors(item)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _tensors(item)
