"""What a segmentation network costs in each backend: ``mmirstd speed backends``."""

from __future__ import annotations

import argparse
import copy
import tempfile
from pathlib import Path

import torch
from mmengine.registry import init_default_scope
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.apis.calibration import CalibrationImages
from mmirstd.apis.irstd_inferencer import IRSTDInferencer
from mmirstd.apis.model_loading import find_model_config
from mmirstd.costs.alternating import describe_cpu
from mmirstd.costs.backend_sides import OFFICIAL, BackendSide, session_sides, torch_sides
from mmirstd.costs.cost_table import BackendCost, cost_record, cost_table, energy_note, measure_costs
from mmirstd.engine.complexity import count_params_and_flops
from mmirstd.evaluation.text_tables import terminal_table
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
        IRSTDInferencer(cfg, args.checkpoint, device='cpu', backend='torch') if args.checkpoint else _fresh(cfg)
    )
    calibration = None if args.calibration_images is None else CalibrationImages(args.calibration_images)
    size = (args.size[0], args.size[1])
    with tempfile.TemporaryDirectory() as folder:
        exported = session_sides(inferencer, size, Path(folder), print, calibration)
        sides = {**_torch_sides(cfg.model, inferencer.model, size), **exported}
        costs = measure_costs(sides, args.rounds, args.threads == 1, not args.no_memory)
    params, flops = count_params_and_flops(inferencer.model, size)
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


def _torch_sides(cfg: dict, network: nn.Module, size: tuple[int, int]) -> dict[str, BackendSide]:
    """With the form for three channels where the network has one."""
    try:
        return torch_sides(cfg, network, size, official=True)
    except ConfigError as error:
        print(f'{OFFICIAL}: left out, {error}')
        return torch_sides(cfg, network, size)


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
