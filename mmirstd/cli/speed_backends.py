"""What a network costs in each backend: ``mmirstd speed backends``."""

from __future__ import annotations

import argparse
import copy
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.apis.build import build_inferencer
from mmirstd.apis.calibration import CalibrationImages
from mmirstd.apis.irstd_inferencer import IRSTDInferencer
from mmirstd.apis.model_loading import find_model_config
from mmirstd.costs.alternating import describe_cpu
from mmirstd.costs.backend_names import OFFICIAL
from mmirstd.costs.backend_sides import BackendSide, session_sides, torch_sides
from mmirstd.costs.clip_sides import clip_session_sides, clip_torch_sides, start_of_training
from mmirstd.costs.cost_table import BackendCost, cost_record, cost_table, energy_note, measure_costs
from mmirstd.costs.noise_statistics import set_norm_statistics
from mmirstd.deploy.export_limits import reason_against
from mmirstd.engine.complexity import count_params_and_flops
from mmirstd.engine.config_errors import explain_config_errors
from mmirstd.engine.config_scope import use_config_scope
from mmirstd.evaluation.text_tables import terminal_table
from mmirstd.models.clip_model import ClipModel
from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import write_json
from mmirstd.utils.result_table import check_result_path, write_result_tables

from mmseg.models.segmentors import BaseSegmentor  # isort: skip # behind what mmirstd puts into mmcv


def report(args: argparse.Namespace) -> dict[str, BackendCost]:
    """Measure, print the table, and write it.

    Args:
        args: See :func:`.speed.parse_args`.

    Returns:
        Side -> costs.
    """
    for path in args.out or ():
        check_result_path(path, '.json')
    torch.set_num_threads(args.threads)
    cfg = find_model_config(args.config, args.cfg_options)
    size = (args.size[0], args.size[1])
    model = (
        build_inferencer(cfg, args.checkpoint, device='cpu', backend='torch').model
        if args.checkpoint
        else _fresh(cfg, args.config)
    )
    calibration = None if args.calibration_images is None else CalibrationImages(args.calibration_images)
    with tempfile.TemporaryDirectory() as folder:
        measured = _clip_sides if isinstance(model, ClipModel) else _image_sides
        sides = measured(cfg, model, size, Path(folder), calibration)
        costs = measure_costs(sides, args.rounds, args.threads == 1, not args.no_memory)
    params, counted = count_params_and_flops(model, size)
    # a classical method has none of the layers that are counted
    flops = None if isinstance(model, ClassicalSegmentor) else counted
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
    if isinstance(model, ClipModel):
        clip = (
            f'An image: the result of one frame. Its clip of {model.num_frames} frames goes in, or (streaming) the '
            'frame alone, with what is kept of those before it. FLOPs are of the clip. '
        )
        notes.append(
            (clip if model.num_frames > 1 else '')
            + "The config's letterbox and alignment are left out. How far a detector differs is of its highest score; "
            '"-": it found no box.'
        )
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


def _image_sides(
    cfg: Any, model: nn.Module, size: tuple[int, int], folder: Path, calibration: CalibrationImages | None
) -> dict[str, BackendSide]:
    """With the form for three channels where the network has one."""
    try:
        sides = torch_sides(cfg.model, model, size, official=True, imports=_imports(cfg))
    except ConfigError as error:
        print(f'{OFFICIAL}: left out, {error}')
        sides = torch_sides(cfg.model, model, size, imports=_imports(cfg))
    against = reason_against(model)
    if against is None:
        inferencer = IRSTDInferencer(model, device='cpu', backend='torch')
        sides.update(session_sides(inferencer, size, folder, print, calibration))
    else:
        print(f'exported files: left out, {": ".join(against)}')
    return sides


def _clip_sides(
    cfg: Any, model: Any, size: tuple[int, int], folder: Path, calibration: CalibrationImages | None
) -> dict[str, BackendSide]:
    if calibration is not None:
        print('--calibration-images: left out, int8 is of networks of single images')
    return {
        **clip_torch_sides(cfg.model, model, size, _imports(cfg)),
        **clip_session_sides(model, size, folder, print),
    }


def _imports(cfg: Any) -> Sequence[str]:
    imports = (cfg.get('custom_imports') or {}).get('imports') or ()
    return [imports] if isinstance(imports, str) else imports


@torch.no_grad()
def _fresh(cfg: Any, name: str) -> Any:
    """Random weights, and norms with the statistics of noise.

    Raises:
        ConfigError: The config is of something else than a segmentation network or a model of clips.
    """
    use_config_scope(cfg)
    torch.manual_seed(0)
    with explain_config_errors(name):
        model = MODELS.build(copy.deepcopy(cfg['model'])) if cfg.get('model') else None
    if isinstance(model, ClipModel):
        model = start_of_training(model)
        channels = getattr(model.data_preprocessor, 'channels', 1)
        set_norm_statistics(model, torch.rand(2, model.input_frames, channels, 128, 128))
        return model
    if not isinstance(model, BaseSegmentor):
        raise ConfigError(
            name,
            found='no model' if model is None else f'a {type(model).__name__}',
            expected='a segmentation network, or a detector or segmentor of clips',
        )
    set_norm_statistics(model, torch.rand(2, 1, 128, 128))
    return model
