"""A network of single images in each backend, as sides that :func:`.alternating.time_turns` times."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmseg.models.utils import resize
from torch import nn

from mmirstd.apis.calibration import CalibrationImages
from mmirstd.apis.exporting import export_model, graph_of
from mmirstd.apis.irstd_inferencer import IRSTDInferencer
from mmirstd.compat.hardware import read_cpu
from mmirstd.deploy.graph_files import write_graph
from mmirstd.deploy.session import GraphSession, is_installed, open_session
from mmirstd.models.folded import folded_copy
from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError, UserError

from .alone import network_peak, session_peak
from .backend_names import FOLDED, OFFICIAL, SESSIONS, TORCH, TORCH_BF16
from .own_process import run_alone


@dataclass(frozen=True)
class BackendSide:
    """A network in one backend.

    Attributes:
        run: Computes the probabilities of one random image or frame; of a detector its highest score.
        peak: Peak memory in bytes of a process that does only this; None where the system does not tell.
    """

    run: Callable[[], np.ndarray]
    peak: Callable[[], int | None]


def official_form(cfg: dict[str, Any], network: nn.Module) -> Any:
    """The network for three equal channels, as the official codes feed it; its results are the same.

    Raises:
        ConfigError: Its backbone has no ``in_channels``, or takes no three.
    """
    description = copy.deepcopy(cfg)
    if 'in_channels' not in description.get('backbone', {}):
        raise ConfigError("the network's backbone has no in_channels, so it has no form for three channels")
    description['backbone']['in_channels'] = 3
    try:
        official = MODELS.build(description).eval()
    except ValueError as error:  # RPCANet's, whose images are gray in the official code, too
        raise ConfigError(f'the network has no form for three channels: {error}') from error
    state = official.state_dict()
    for key, value in network.state_dict().items():
        if value.shape != state[key].shape:
            # a sum over three equal channels is one of them thrice; a norm or a bias is each channel's own
            sums = value.dim() > 1 and value.shape[1] != state[key].shape[1]
            value = value.expand_as(state[key]) / (3 if sums else 1)
        state[key] = value
    official.load_state_dict(state)
    return official


def network_run(network: Any, x: torch.Tensor, dtype: torch.dtype | None = None) -> Callable[[], np.ndarray]:
    """A function that runs a network in PyTorch and gives the probabilities of the first image.

    Args:
        network: A segmentor in eval mode, or a classical method.
        x: Its input.
        dtype: Of autocast; None: float32.
    """

    @torch.no_grad()
    def run() -> np.ndarray:
        if isinstance(network, ClassicalSegmentor):
            return network(x, mode='predict')[0].seg_logits.data[0].numpy()
        with torch.autocast('cpu', dtype or torch.bfloat16, enabled=dtype is not None):
            logits = network(x, mode='tensor')
            if logits.shape[-2:] != x.shape[-2:]:  # of a head that predicts at a stride
                logits = resize(logits, x.shape[-2:], mode='bilinear', align_corners=network.align_corners)
        return logits.float().sigmoid()[0, 0].numpy()

    return run


def torch_sides(
    cfg: dict[str, Any], network: Any, size: tuple[int, int], official: bool = False, imports: Sequence[str] = ()
) -> dict[str, BackendSide]:
    """Name -> the network in PyTorch.

    Args:
        cfg: ``model`` of its config.
        network: In eval mode.
        size: Height and width of the image.
        official: With its form for three equal channels, see :func:`official_form`.
        imports: Modules that register its parts; the processes of its peak memory import them.
    """
    image = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(0))

    def side(form: Any, x: torch.Tensor, described: dict[str, Any], dtype: str | None, folded: bool) -> BackendSide:
        run = network_run(form, x, getattr(torch, dtype) if dtype else None)
        threads = torch.get_num_threads()
        peak = partial(run_alone, network_peak, described, tuple(x.shape), dtype, folded, threads, tuple(imports))
        return BackendSide(run, peak)

    cfg = plain(cfg)
    sides = {}
    if official:
        three = copy.deepcopy(cfg)
        form = official_form(cfg, network)
        three['backbone']['in_channels'] = 3
        sides[OFFICIAL] = side(form, image.repeat(1, 3, 1, 1), three, None, False)
    sides[TORCH] = side(network, image, cfg, None, False)
    if isinstance(network, ClassicalSegmentor):
        return sides
    folded, last = folded_copy(network), image.contiguous(memory_format=torch.channels_last)
    sides[FOLDED] = side(folded, last, cfg, None, True)
    sides[TORCH_BF16] = side(folded, last, cfg, 'bfloat16', True)
    return sides


def session_sides(
    inferencer: IRSTDInferencer,
    size: tuple[int, int],
    folder: Path,
    say: Callable[[str], None],
    calibration: CalibrationImages | None = None,
) -> dict[str, BackendSide]:
    """Name -> the exported network in each runtime that is installed and computes so on this CPU.

    Args:
        inferencer: Of the network.
        size: Height and width of the image.
        folder: Where its file goes.
        say: Called with why a side is missing.
        calibration: Images for the sides in int8; None: there are none.

    Raises:
        UserError: The network cannot be exported, or the file would pad an image of this size.
    """
    graph, description = graph_of(inferencer)
    check_size(size, graph.divisor)
    files = {'fp32': write_graph(graph, folder / f'{inferencer.name}.onnx', description)}
    if calibration is not None:
        files['int8'] = folder / f'{inferencer.name}-int8.onnx'
        say(str(export_model(inferencer, files['int8'], calibration=calibration)))
    image = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(0))[0].numpy()
    inputs = dict(image=image, range=np.array([[0, 1]], np.float32))
    threads = torch.get_num_threads()
    sides: dict[str, BackendSide] = {}
    for name, (runtime, precision) in SESSIONS.items():
        file = files.get('int8' if precision == 'int8' else 'fp32')
        if file is None:
            continue
        if not can_run(name, say):
            continue
        try:
            session = open_session(file, runtime, threads, precision)
        except (UserError, RuntimeError) as error:
            say(f'{name}: refused on this CPU ({type(error).__name__})')
            continue
        peak = partial(run_alone, session_peak, file, runtime, precision, size, threads)
        sides[name] = BackendSide(partial(_first_map, session, inputs), peak)
    return sides


def check_size(size: tuple[int, int], divisor: int) -> None:
    """Raise a UserError where an exported file would pad an image of this size, which the network alone does not."""
    if any(side % divisor for side in size):
        height, width = size
        raise UserError(f'--size {height} {width}', found=f'{height}x{width}', expected=f'multiples of {divisor}')


def can_run(name: str, say: Callable[[str], None]) -> bool:
    """Whether a runtime is here and computes so on this CPU.

    Args:
        name: Of :data:`SESSIONS`.
        say: Called with why not.
    """
    runtime, precision = SESSIONS[name]
    if not is_installed(runtime):
        say(f'{name}: not installed')
        return False
    cpu = read_cpu()
    if precision == 'bf16' and not cpu.bfloat16:
        # OpenVINO does not look at ONEDNN_MAX_CPU_ISA, under which some networks crash the process.
        say(f'{name}: left out, {cpu.why}')
        return False
    return True


def _first_map(session: GraphSession, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return session.run(inputs)['probability'][0]


def plain(cfg: Any) -> dict[str, Any]:
    """Without mmengine's types, so that another process can be given it."""
    return cfg.to_dict() if hasattr(cfg, 'to_dict') else copy.deepcopy(dict(cfg))
