"""What a segmentation network costs in each backend: ``mmirstd speed backends``."""

from __future__ import annotations

import argparse
import copy
import tempfile
from pathlib import Path
from typing import Any

import torch
from mmengine.registry import init_default_scope
from mmseg.models.segmentors import BaseSegmentor
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.apis.calibration import CalibrationImages
from mmirstd.apis.irstd_inferencer import IRSTDInferencer
from mmirstd.apis.model_loading import find_model_config
from mmirstd.costs.alternating import describe_cpu
from mmirstd.costs.backend_sides import OFFICIAL, BackendSide, session_sides, torch_sides
from mmirstd.costs.cost_table import BackendCost, cost_record, cost_table, energy_note, measure_costs
from mmirstd.deploy.export_limits import reason_against
from mmirstd.engine.complexity import count_params_and_flops
from mmirstd.evaluation.text_tables import terminal_table
from mmirstd.models.clip_model import ClipModel
from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import write_json
from mmirstd.utils.result_table import check_result_path, write_result_tables


def report(args: argparse.Namespace) -> dict[str, BackendCost]:
    """Measure, print the table, and write it.

    Args:
        args: See :func:`.speed.parse_args`.

    Returns:
        Side -> costs.
    """
    for path in args.out or ():
        if path.suffix.lower() != '.json':
            check_result_path(path)
    torch.set_num_threads(args.threads)
    cfg = find_model_config(args.config, args.cfg_options)
    inferencer = (
        IRSTDInferencer(cfg, args.checkpoint, device='cpu', backend='torch')
        if args.checkpoint
        else _fresh(cfg, args.config)
    )
    calibration = None if args.calibration_images is None else CalibrationImages(args.calibration_images)
    size = (args.size[0], args.size[1])
    with tempfile.TemporaryDirectory() as folder:
        sides = _torch_sides(cfg, inferencer.model, size)
        against = reason_against(inferencer.model)
        if against is None:
            sides.update(session_sides(inferencer, size, Path(folder), print, calibration))
        else:
            print(f'exported files: left out, {": ".join(against)}')
        costs = measure_costs(sides, args.rounds, args.threads == 1, not args.no_memory)
    params, counted = count_params_and_flops(inferencer.model, size)
    # a classical method has none of the layers that are counted
    flops = None if isinstance(inferencer.model, ClassicalSegmentor) else counted
    kind = 'CPU' if args.threads == 1 else 'wall'
    height, width = size
    notes = [
        f'{args.config}: {height}x{width}, batch 1, {args.threads} thread(s), PyTorch {torch.__version__}.',
        f'{describe_cpu()}.',
        f'{kind} time, {args.rounds} alternating rounds; the ratio is of medians, to the first row. Other programs '
        'change times, less the ratios.',
        'Parameters and FLOPs are of one channel, 2 FLOPs per multiply-accumulate. Peak MiB is of a process that does '
        'only this, with its libraries.',
        energy_note(),
    ]
    table = cost_table(costs, params, flops, notes, f'Costs of {args.config}')
    print(terminal_table(table))
    for path in args.out or ():
        if path.suffix.lower() == '.json':
            settings = dict(config=args.config, size=list(size), threads=args.threads, rounds=args.rounds, time=kind)
            write_json(path, cost_record(costs, params, flops, settings))
        else:
            write_result_tables(path, table)
        print(f'written: {path}')
    return costs


def _torch_sides(cfg: Any, network: nn.Module, size: tuple[int, int]) -> dict[str, BackendSide]:
    """With the form for three channels where the network has one."""
    imports = (cfg.get('custom_imports') or {}).get('imports') or ()
    imports = [imports] if isinstance(imports, str) else imports
    try:
        return torch_sides(cfg.model, network, size, official=True, imports=imports)
    except ConfigError as error:
        print(f'{OFFICIAL}: left out, {error}')
        return torch_sides(cfg.model, network, size, imports=imports)


@torch.no_grad()
def _fresh(cfg: Any, name: str) -> IRSTDInferencer:
    """Random weights, and norms with the statistics of noise: else deep features would vanish.

    Raises:
        ConfigError: The config is of something else than a segmentation network of single images.
    """
    init_default_scope(cfg.get('default_scope') or 'mmseg')
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(cfg['model'])).train() if cfg.get('model') else None
    if not isinstance(model, BaseSegmentor) or isinstance(model, ClipModel):
        raise ConfigError(
            name,
            found='no model' if model is None else f'a {type(model).__name__}',
            expected='a segmentation network of single images',
            cure='mmirstd speed streaming times detectors of clips',
        )
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    model(torch.rand(2, 1, 128, 128), mode='tensor')
    return IRSTDInferencer(model.eval(), device='cpu', backend='torch')
