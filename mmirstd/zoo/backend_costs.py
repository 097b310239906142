"""What an image, or a frame of a sequence, costs a network of the zoo in each backend."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmirstd.registry  # noqa: F401
from mmirstd.apis.irstd_inferencer import IRSTDInferencer
from mmirstd.compat.hardware import read_cpu
from mmirstd.costs.alternating import time_turns
from mmirstd.costs.backend_names import TORCH, TORCH_BF16
from mmirstd.costs.backend_sides import BackendSide, session_sides, torch_sides
from mmirstd.costs.clip_sides import build_clip_model, clip_session_sides, clip_torch_sides
from mmirstd.costs.energy import EnergyCounter
from mmirstd.costs.memory import MIB
from mmirstd.registry import MODELS
from mmirstd.utils.errors import UserError

from .networks import is_of_clips

_REFERENCE_SIDE = 'GGL-Net'

#: Backend -> ``ms``, ``ms_p95`` and, where they are known, ``mib`` and ``joules`` of an image.
Costs = dict[str, dict[str, float]]


def measure_backends(
    name: str,
    cfg: Config,
    reference: Callable[[], Any] | None,
    size: int,
    rounds: int,
    memory: bool,
    say: Callable[[str], None],
) -> tuple[dict[str, float], Costs]:
    """Time a network in each backend, by turns with GGL-Net in PyTorch, and measure its memory.

    With one thread it is CPU time. Peak memory is that of a process that does nothing else.

    Args:
        name: Of the network, for messages.
        cfg: Its config.
        reference: Runs GGL-Net once; None: nothing is timed.
        size: Side of the image.
        rounds: Runs of each that count.
        memory: Measure it.
        say: Called with why a backend is missing.

    Returns:
        Backend -> median time over GGL-Net's, and backend -> costs.
    """
    with tempfile.TemporaryDirectory() as folder:
        sides = _sides(name, cfg, (size, size), Path(folder), say)
        for backend, side in list(sides.items()):
            try:
                side.run()
            except RuntimeError as error:  # e.g. an operator that a runtime has in float32 alone
                say(f'{name}: {backend} left out: {str(error).splitlines()[0]}')
                del sides[backend]
        costs: Costs = {backend: {} for backend in sides}
        times = {} if reference is None else _time(sides, reference, rounds, costs)
        for backend, side in sides.items() if memory else ():
            peak = side.peak()
            if peak is not None:
                costs[backend]['mib'] = round(peak / MIB)
    return times, {backend: found for backend, found in costs.items() if found}


def reference_run(cfg: Config, size: int) -> Callable[[], Any]:
    """A function that runs a network of single images once in PyTorch."""
    return torch_sides(cfg.model, MODELS.build(cfg.model).eval(), (size, size))[TORCH].run


def _sides(
    name: str, cfg: Config, size: tuple[int, int], folder: Path, say: Callable[[str], None]
) -> dict[str, BackendSide]:
    exported: Callable[..., dict[str, BackendSide]]
    if is_of_clips(cfg):
        model = build_clip_model(cfg.model)
        sides = clip_torch_sides(cfg.model, model, size)
        exported = partial(clip_session_sides, model)
    else:
        init_default_scope('mmseg')
        network = MODELS.build(cfg.model).eval()
        sides = torch_sides(cfg.model, network, size)
        exported = partial(session_sides, IRSTDInferencer(network, device='cpu', backend='torch'))
    if not read_cpu().bfloat16:
        sides.pop(TORCH_BF16, None)
    try:
        sides.update(exported(size, folder, lambda text: say(f'{name}: {text}')))
    except UserError as error:
        say(f'{name}: not exported: {error.message}')
    return sides


def _time(
    sides: Mapping[str, BackendSide], reference: Callable[[], Any], rounds: int, costs: Costs
) -> dict[str, float]:
    """Times over the reference's; costs are entered."""
    runs = {_REFERENCE_SIDE: reference, **{backend: side.run for backend, side in sides.items()}}
    turns = time_turns(runs, rounds, EnergyCounter())
    own_threads = torch.get_num_threads() == 1
    times = {
        backend: [1000 * (turn.seconds.cpu if own_threads else turn.seconds.wall) for turn in taken]
        for backend, taken in turns.items()
    }
    scale = median(times.pop(_REFERENCE_SIDE))
    for backend, taken in times.items():
        joules = [turn.joules for turn in turns[backend] if turn.joules is not None]
        costs[backend].update(ms=round(median(taken), 2), ms_p95=round(float(np.percentile(taken, 95)), 2))
        if joules:
            costs[backend]['joules'] = round(sum(joules) / len(joules), 4)
    return {backend: round(median(taken) / scale, 4) for backend, taken in times.items()}
