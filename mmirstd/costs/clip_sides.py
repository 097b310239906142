"""A model of clips in each backend, as sides that take turns: whole clips, and frame by frame."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import ConfigDict
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

from mmirstd.apis.exporting import graph_of
from mmirstd.apis.moving_target_inferencer import MovingTargetInferencer
from mmirstd.apis.streaming_detector import fused_copy
from mmirstd.deploy.graph_files import write_graph
from mmirstd.models.detectors import MultiFrameDetector
from mmirstd.registry import MODELS
from mmirstd.utils.errors import UserError

from .alone import LENGTH, clip_network_peak, clip_session_peak, exported_step, random_clip
from .backend_names import FOLDED, SESSIONS, STREAMING, TORCH
from .backend_sides import BackendSide, can_run, check_size, plain
from .own_process import run_alone


def build_clip_model(cfg: dict[str, Any]) -> Any:
    """A fresh model of clips in eval mode.

    Args:
        cfg: ``model`` of its config.
    """
    init_default_scope('mmdet')
    return start_of_training(MODELS.build(ConfigDict(copy.deepcopy(cfg))))


def start_of_training(model: Any) -> Any:
    """A fresh model in eval mode; a detector with the weights that training begins with, which find few boxes."""
    if isinstance(model, MultiFrameDetector):
        MMLogger.get_instance('costs').setLevel('ERROR')  # init_weights tells of each weight
        model.init_weights()
    return model.eval()


def clip_torch_sides(
    cfg: dict[str, Any], model: Any, size: tuple[int, int], imports: Sequence[str] = ()
) -> dict[str, BackendSide]:
    """Name -> the result of a frame in PyTorch: of its whole clip, or of the stream that ``mmirstd infer`` uses.

    Args:
        cfg: ``model`` of its config.
        model: A detector or a segmentor of clips in eval mode.
        size: Height and width of the frames.
        imports: Modules that register its parts; the processes of its peak memory import them.
    """
    threads = torch.get_num_threads()
    clip, *stream = _forms(model)
    names = [TORCH + clip, *([FOLDED] if isinstance(model, MultiFrameDetector) else []), *(TORCH + s for s in stream)]
    return {
        name: BackendSide(
            run_in_torch(model, name, size),
            partial(run_alone, clip_network_peak, plain(cfg), size, name, threads, tuple(imports)),
        )
        for name in names
    }


def has_stream(model: Any) -> bool:
    """Whether frames can go in one by one: not where a clip holds them in several versions."""
    return _versions(model) == 1


def _forms(model: Any) -> tuple[str, ...]:
    """What comes after a backend's name: of whole clips, and of the stream where that is another thing."""
    return ('', STREAMING) if has_stream(model) and model.num_frames > 1 else ('',)


def _versions(model: Any) -> int:
    return int(model.input_frames // model.num_frames)


def clip_session_sides(
    model: Any, size: tuple[int, int], folder: Path, say: Callable[[str], None]
) -> dict[str, BackendSide]:
    """Name -> the exported model, of whole clips and of a stream, in each runtime that is here.

    Args:
        model: A detector or a segmentor of clips in eval mode.
        size: Height and width of the frames.
        folder: Where the files go.
        say: Called with why a side is missing.

    Raises:
        UserError: The file would pad a frame of this size.
    """
    inferencer = MovingTargetInferencer(model, device='cpu', backend='torch')
    threads = torch.get_num_threads()
    files: dict[str, Path] = {}
    for suffix in _forms(model):
        graph, description = graph_of(inferencer, stream=bool(suffix))
        check_size(size, graph.divisor)
        files[suffix] = write_graph(graph, folder / f'clip{suffix.replace(" ", "-")}.onnx', description)
    sides: dict[str, BackendSide] = {}
    for backend, (runtime, precision) in SESSIONS.items():
        if precision == 'int8' or not can_run(backend, say):  # int8 is of single images
            continue
        for suffix, file in files.items():
            arguments = (file, runtime, precision, size, threads, model.num_frames, _versions(model))
            try:
                run = exported_step(*arguments)
            except (UserError, RuntimeError) as error:
                say(f'{backend}{suffix}: refused on this CPU ({type(error).__name__})')
                continue
            sides[backend + suffix] = BackendSide(run, partial(run_alone, clip_session_peak, *arguments))
    return sides


def run_in_torch(model: Any, name: str, size: tuple[int, int]) -> Callable[[], np.ndarray]:
    """A function that gives the result of a random clip in PyTorch, or of the next frame of its sequence.

    Args:
        model: A detector or a segmentor of clips in eval mode.
        name: Of the side: :data:`.backend_sides.TORCH`, :data:`.backend_sides.FOLDED`, or ``TORCH + STREAMING``.
        size: Height and width.

    Returns:
        It returns probabilities (H, W), or a detector's highest score, (1,) or (0,).
    """
    stream = MovingTargetInferencer(model, device='cpu', backend='torch').detector
    frames = random_clip(model.num_frames, size)
    if name.endswith(STREAMING):
        return _streamed(stream, frames[-LENGTH:])
    prepared, samples = zip(*(stream.preprocess(frame) for frame in frames))
    clip = torch.cat(prepared, dim=1).repeat(1, _versions(model), 1, 1, 1)
    form = fused_copy(model) if name == FOLDED else model

    @torch.inference_mode()
    def run() -> np.ndarray:
        return _result(form.predict_by_levels(form.extract_feat(clip), copy.deepcopy(samples[-1]))[0])

    return run


def _streamed(stream: Any, frames: np.ndarray) -> Callable[[], np.ndarray]:
    """The next of the frames (N, H, W), the first time the last of them."""
    numbers = count()

    def run() -> np.ndarray:
        number = next(numbers)
        return _result(stream(frames[number % len(frames)], number))

    for _ in frames[1:]:
        run()
    return run


def _result(sample: Any) -> np.ndarray:
    if 'seg_logits' in sample:
        probabilities: np.ndarray = sample.seg_logits.data[-1].numpy()
        return probabilities
    scores: np.ndarray = sample.pred_instances.scores.numpy()
    return np.sort(scores)[-1:]
