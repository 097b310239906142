"""Work for :func:`.own_process.run_alone`: one network, one backend, and the memory of a process with nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from .memory import peak_memory

#: Runs before memory is read: allocators grow during the first ones.
RUNS = 3
#: Frames of a sequence, at most: after so many a stream is compared with the whole clip.
LENGTH = 5


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


def random_clip(frames: int, size: tuple[int, int]) -> np.ndarray:
    """Gray values (T, H, W) uint8, the same each time: the clip of a sequence of :data:`LENGTH` frames at its end.

    Before the sequence its first frame stands. (Of equal frames alone some networks see nothing but rounding.)
    """
    sequence = np.random.default_rng(0).integers(0, 256, (min(frames, LENGTH), *size), np.uint8)
    return np.concatenate([sequence[:1].repeat(frames - len(sequence), axis=0), sequence])


def exported_step(
    file: Path, runtime: str, precision: str, size: tuple[int, int], threads: int, frames: int, versions: int = 1
) -> Callable[[], np.ndarray]:
    """A function that gives an exported model of clips a random clip, or the next frame of its sequence.

    Args:
        file: Of whole clips, or of a stream.
        runtime: See :func:`mmirstd.deploy.session.open_session`.
        precision: Likewise.
        size: Height and width.
        threads: Of the runtime.
        frames: Of a clip.
        versions: How often they go in, one clip behind the other.

    Returns:
        It returns probabilities (H, W), or a detector's highest score, (1,) or (0,).
    """
    from mmirstd.apis.exported_past import ExportedStream
    from mmirstd.datasets.gray_normalization import GrayNormalization
    from mmirstd.deploy.session import open_session

    session = open_session(file, runtime, threads, precision)
    clip = random_clip(frames, size)
    if session.description.kind.startswith('stream-'):
        past, numbers, sequence = ExportedStream(session, GrayNormalization()), count(), clip[-LENGTH:]

        def found() -> dict[str, np.ndarray]:
            number = next(numbers)
            return past.step(sequence[number % len(sequence)], number, file.name)

        for _ in sequence[1:]:
            found()
    else:
        inputs = dict(image=np.tile(clip[None] / np.float32(255), (1, versions, 1, 1)))
        inputs['range'] = np.array([[0, 1]], np.float32)

        def found() -> dict[str, np.ndarray]:
            return session.run(inputs)

    def run() -> np.ndarray:
        outputs = found()
        if 'probability' in outputs:
            return outputs['probability'][0]
        return np.sort(outputs['scores'])[-1:]

    return run


def clip_session_peak(*arguments: Any) -> int | None:
    """Peak memory of running an exported model of clips, without PyTorch; arguments as of :func:`exported_step`."""
    run = exported_step(*arguments)
    for _ in range(RUNS):
        run()
    return peak_memory()


def clip_network_peak(
    model: dict[str, Any], size: tuple[int, int], name: str, threads: int, imports: Sequence[str] = ()
) -> int | None:
    """Peak memory of running a model of clips in PyTorch.

    Args:
        model: Its description in a config; fresh weights do.
        size: Height and width of the frames.
        name: Of the side, see :func:`.clip_sides.run_in_torch`.
        threads: Of PyTorch.
        imports: Modules that register parts of the model.
    """
    import torch
    from mmengine.utils import import_modules_from_strings

    import mmirstd.registry  # noqa: F401

    from .clip_sides import build_clip_model, run_in_torch

    torch.set_num_threads(threads)
    import_modules_from_strings(list(imports))
    run = run_in_torch(build_clip_model(model), name, size)
    for _ in range(RUNS):
        run()
    return peak_memory()
