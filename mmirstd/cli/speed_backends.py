"""How much faster the backends of a segmentation network are than its official form: ``mmirstd speed backends``."""

from __future__ import annotations

import argparse
import copy
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from mmengine.registry import init_default_scope
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.apis.exporting import graph_of
from mmirstd.apis.irstd_inferencer import IRSTDInferencer
from mmirstd.apis.model_loading import find_model_config
from mmirstd.deploy.graph_files import write_graph
from mmirstd.deploy.session import RUNTIMES, GraphSession, is_installed, open_session
from mmirstd.models.folded import folded_copy
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError, UserError

from .alternating import describe_cpu, take_turns

Side = Callable[[], np.ndarray]
REFERENCE = 'torch, as in the official code'


def official_form(cfg: dict, network: nn.Module) -> nn.Module:
    """The network for three equal channels, as the official codes feed it; its results are the same.

    Raises:
        ConfigError: Its backbone has no ``in_channels``.
    """
    description = copy.deepcopy(cfg)
    if 'in_channels' not in description.get('backbone', {}):
        raise ConfigError("the network's backbone has no in_channels, so it has no form for three channels")
    description['backbone']['in_channels'] = 3
    official = MODELS.build(description).eval()
    state = official.state_dict()
    for key, value in network.state_dict().items():
        if value.shape != state[key].shape:
            value = value.expand_as(state[key]) / 3
        state[key] = value
    official.load_state_dict(state)
    return official


def sides_of(inferencer: IRSTDInferencer, cfg: dict, size: tuple[int, int], folder: Path) -> dict[str, Side]:
    """Name -> a function that computes the probabilities of one random image."""
    graph, description = graph_of(inferencer)
    if any(side % graph.divisor for side in size):  # the file pads, the network alone would not
        height, width = size
        raise UserError(f'--size {height} {width}', found=f'{height}x{width}', expected=f'multiples of {graph.divisor}')
    image = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(0))
    network = inferencer.model
    folded = folded_copy(network)
    last = image.contiguous(memory_format=torch.channels_last)

    def torch_side(model: nn.Module, x: torch.Tensor, dtype: torch.dtype | None = None) -> Side:
        @torch.no_grad()
        def run() -> np.ndarray:
            with torch.autocast('cpu', dtype or torch.bfloat16, enabled=dtype is not None):
                logits = model(x, mode='tensor')
            return logits.float().sigmoid()[0, 0].numpy()

        return run

    sides = {
        REFERENCE: torch_side(official_form(cfg, network), image.repeat(1, 3, 1, 1)),
        'torch, one channel': torch_side(network, image),
        'torch fp32': torch_side(folded, last),
        'torch bf16': torch_side(folded, last, torch.bfloat16),
    }
    file = write_graph(graph, folder / 'network.onnx', description)
    inputs = dict(image=image[0].numpy(), range=np.array([[0, 1]], np.float32))
    for runtime, precision in [*((name, 'fp32') for name in RUNTIMES), ('openvino', 'bf16')]:
        if not is_installed(runtime):
            print(f'{runtime}: not installed')
            continue
        try:
            session = open_session(file, runtime, torch.get_num_threads(), precision)
        except (UserError, RuntimeError) as error:
            print(f'{runtime} {precision}: refused on this CPU ({type(error).__name__})')
            continue
        sides[f'{runtime} {precision}'] = partial(_first_map, session, inputs)
    return sides


def _first_map(session: GraphSession, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return session.run(inputs)['probability'][0]


def report(args: argparse.Namespace) -> dict[str, float]:
    """Measure, and print the table.

    Args:
        args: See :func:`.speed.parse_args`.

    Returns:
        Side -> seconds an image.
    """
    torch.set_num_threads(args.threads)
    cfg = find_model_config(args.config, args.cfg_options)
    inferencer = (
        IRSTDInferencer(cfg, args.checkpoint, device='cpu', backend='torch') if args.checkpoint else _fresh(cfg)
    )
    with tempfile.TemporaryDirectory() as folder:
        sides = sides_of(inferencer, cfg.model, tuple(args.size), Path(folder))
        expected = sides[REFERENCE]()
        differences = {name: float(np.abs(side() - expected).max()) for name, side in sides.items()}
        times = take_turns(sides, args.rounds)
    # With one thread CPU time is what the work costs, whoever else uses the machine.
    table = {name: seconds.cpu if args.threads == 1 else seconds.wall for name, seconds in times.items()}
    height, width = args.size
    print(f'{args.config}: {height}x{width}, batch 1, {args.threads} thread(s), PyTorch {torch.__version__}')
    print(describe_cpu())
    print(f'medians of {args.rounds} alternating rounds, {"CPU" if args.threads == 1 else "wall"} time')
    print(f'{"":<32}{"ms an image":>12}{"ratio":>8}{"differs by":>12}')
    for name, seconds in table.items():
        ratio = table[REFERENCE] / seconds
        print(f'{name:<32}{seconds * 1000:>12.1f}{ratio:>7.2f}x{differences[name]:>12.1g}')
    return table


@torch.no_grad()
def _fresh(cfg: dict) -> IRSTDInferencer:
    """Random weights, and norms with the statistics of noise: else deep features would vanish."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(cfg['model'])).train()
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    model(torch.rand(2, 1, 128, 128), mode='tensor')
    return IRSTDInferencer(model.eval(), device='cpu', backend='torch')
