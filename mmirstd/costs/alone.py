"""Work for :func:`.own_process.run_alone`: one network, one backend, and the memory of a process with nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .memory import peak_memory

#: Runs before memory is read: allocators grow during the first ones.
RUNS = 3


def session_peak(file: Path, runtime: str, precision: str, size: tuple[int, int], threads: int) -> int | None:
    """Peak memory of running an exported file, without PyTorch, on images of one size."""
    from mmirstd.deploy.session import open_session

    session = open_session(file, runtime, threads, precision)
    image = np.random.default_rng(0).random((1, *size), np.float32)
    for _ in range(RUNS):
        session.run(dict(image=image, range=np.array([[0, 1]], np.float32)))
    return peak_memory()


def network_peak(
    model: dict[str, Any],
    shape: tuple[int, ...],
    dtype: str | None,
    folded: bool,
    threads: int,
    imports: Sequence[str] = (),
) -> Any:
    """Peak memory of running a network in PyTorch.

    Args:
        model: Its description in a config; fresh weights do.
        shape: Of the input.
        dtype: Of autocast, e.g. ``'bfloat16'``; None: none.
        folded: Batch norm folded and channels last.
        threads: Of PyTorch.
        imports: Modules that register parts of the network.
    """
    import torch
    from mmengine.registry import init_default_scope
    from mmengine.utils import import_modules_from_strings

    import mmirstd.registry  # noqa: F401
    from mmirstd.models.folded import folded_copy
    from mmirstd.registry import MODELS

    from .backend_sides import network_run

    torch.set_num_threads(threads)
    import_modules_from_strings(list(imports))
    init_default_scope('mmseg')
    network = MODELS.build(model).eval()
    image = torch.rand(shape)
    if folded:
        network, image = folded_copy(network), image.contiguous(memory_format=torch.channels_last)
    run = network_run(network, image, getattr(torch, dtype) if dtype else None)
    for _ in range(RUNS):
        run()
    return peak_memory()
