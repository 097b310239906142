"""Test a checkpoint: ``mmirstd test CONFIG CKPT [options]``; a classical method needs no CKPT."""

from __future__ import annotations

import argparse
import math
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.utils.commands import command_line, this_command
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.progress import now_doing

from .arguments import add_common_arguments, add_tta_argument, exchange_words, make_parser, split_names
from .running import pointing_to_data_check

if TYPE_CHECKING:
    from mmengine.runner import Runner

LOADS = 'PyTorch and OpenMMLab'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('test', 'Test a model on the test split of its config.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        default='none',
        help='checkpoint file; leave out (or "none") for a method without learned parameters',
    )
    parser.add_argument('--show-dir', help='write one comparison picture per image into this folder')
    parser.add_argument('--out', help='write metrics and their provenance to this JSON file')
    parser.add_argument(
        '--dump',
        metavar='DIR',
        help='write probability map, mask and image of each test image, and the metrics file, into this '
        f'folder: what `{command_line("report")}` makes a report of',
    )
    parser.add_argument(
        '--per-image',
        metavar='FILE',
        help='write the counts of each image, its targets and false alarms to this JSON or CSV file',
    )
    parser.add_argument(
        '--per-sequence',
        metavar='FILE',
        help='of moving targets: write the true and false detections of each sequence by score to this JSON file, what '
        'a comparison over seeds and sequences needs',
    )
    parser.add_argument(
        '--protocol',
        action='append',
        metavar='NAME[,NAME]',
        help='evaluate by these published definitions, too; "default" is always reported',
    )
    parser.add_argument(
        '--eval-size',
        type=int,
        metavar='N',
        help='resize images and masks to N x N before the network, as some published protocols do; '
        'without it, the evaluation is at native size',
    )
    add_tta_argument(parser)
    parser.add_argument(
        '--verbose', action='store_true', help='the whole log on the console, in place of notes and figures'
    )
    add_common_arguments(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Test."""
    args = parse_args(argv)
    with pointing_to_data_check(args):
        _test(args)


def _test(args: argparse.Namespace) -> None:
    from mmirstd.engine import CheckpointGuardHook
    from mmirstd.engine.checkpoint_files import find_checkpoint
    from mmirstd.engine.config_errors import explain_config_errors
    from mmirstd.engine.config_files import load_config
    from mmirstd.engine.evaluation_options import set_eval_size, set_per_image, set_per_sequence, set_protocols
    from mmirstd.engine.launch import build_runner, default_work_dir, prepare
    from mmirstd.engine.loading_options import loading_steps
    from mmirstd.engine.normalization import follow_training, is_asked_for
    from mmirstd.engine.prediction_only import predict_only
    from mmirstd.engine.short_console import ShortTestRunner
    from mmirstd.engine.test_runner import TestRunner
    from mmirstd.engine.views_option import views_option
    from mmirstd.utils.errors import CheckpointError, ConfigError

    now_doing('preparing the test')
    cfg = load_config(args.config, {**args.cfg_options, **views_option(args.tta)}, args.data, args.schedule)
    cfg.work_dir = default_work_dir(cfg, args.work_dir)
    missing = [k for k in ('model', 'test_dataloader', 'test_evaluator') if not cfg.get(k)]
    if missing:
        raise ConfigError(f'{args.config}: has no {", ".join(missing)}, so nothing can be tested.')
    cfg.test_cfg = cfg.get('test_cfg') or dict()
    without_masks = predict_only(cfg)
    asked = [option for option in ('per_image', 'per_sequence', 'protocol') if getattr(args, option)]
    if without_masks and asked:
        raise ConfigError(
            f'--{asked[0].replace("_", "-")}: the test data have no masks ({without_masks}), so nothing '
            'can be measured.\n  cure: leave it out to write predictions, or give the masks'
        )
    protocols = split_names(args.protocol)
    notices = set_protocols(cfg, protocols, args.eval_size) if protocols else []
    if args.eval_size is not None:
        set_eval_size(cfg, args.eval_size)
    if args.per_image:
        set_per_image(cfg, args.per_image)
    if args.per_sequence:
        set_per_sequence(cfg, args.per_sequence)
    if args.show_dir:
        cfg.setdefault('default_hooks', {})['visualization'] = dict(
            type='mmirstd.IRSTDVisualizationHook', show_dir=args.show_dir
        )
    if without_masks:
        args.dump, out_dir = None, args.dump or str(Path(cfg.work_dir) / 'predictions')
        cfg.custom_hooks = [
            *(cfg.get('custom_hooks') or ()),
            dict(type='mmirstd.PredictionWriterHook', out_dir=out_dir),
        ]
        notices = [
            f'no metrics: the test data have no masks ({without_masks}). Predicted masks and probabilities are '
            f'in {out_dir}'
        ]
    if args.dump:
        cfg.custom_hooks = [
            *(cfg.get('custom_hooks') or ()),
            dict(type='mmirstd.PredictionDumpHook', out_dir=args.dump),
        ]
    # Only what a test needs, so that a missing train split does not matter.
    for key in (
        'train_dataloader',
        'train_cfg',
        'optim_wrapper',
        'param_scheduler',
        'val_dataloader',
        'val_cfg',
        'val_evaluator',
    ):
        cfg[key] = None
    drop_early_stopping(cfg)
    cfg.resume = False
    given = args.checkpoint.lower() != 'none'
    cfg.load_from = find_checkpoint(args.checkpoint) if given else None
    if given and (text := follow_training(loading_steps(cfg.test_dataloader), cfg.load_from, is_asked_for(cfg))):
        notices.append(text)
    if given:
        notices += unused_threshold(cfg.load_from)

    _, notes = prepare(cfg, args.launcher)
    runner = build_runner(cfg, [*notes, *notices], TestRunner if args.verbose else ShortTestRunner)
    if given:
        runner.register_hook(
            CheckpointGuardHook(min_match=0.0 if args.partial_checkpoint else 1.0, filename=args.checkpoint)
        )
    elif any(p.requires_grad and p.numel() for p in runner.model.parameters()):
        raise CheckpointError(
            f'{args.config}: its model has learnable parameters and no checkpoint was given, so the '
            f'weights would be random.\n  cure: {command_line("test", args.config, "CKPT")}'
        )
    with explain_config_errors(args.config):
        metrics = runner.test()
    if runner.rank == 0:
        report(runner, args, metrics, notices)


def unused_threshold(checkpoint: str) -> list[str]:
    """What to say where ``mmirstd calibrate`` wrote a threshold into the checkpoint, which no test follows."""
    from mmirstd.engine.checkpoint_meta import stored_operating_point

    point = stored_operating_point(checkpoint)
    if point is None:
        return []
    return [
        f"the checkpoint's own threshold ({point}) is not tested: a test compares networks at the metric's, as a rule "
        f'0.5. `{command_line("infer", "CONFIG", "CKPT", "IMAGES")} --save mask --out DIR` and '
        f'`{command_line("evaluate", "--pred", "DIR/masks", "--truth", "MASKS")}` measure it'
    ]


def drop_early_stopping(cfg: Any) -> None:
    """Take hooks that stop a training out of a config, in place: without a training loop they fail."""
    cfg.custom_hooks = [hook for hook in cfg.get('custom_hooks') or () if not _stops_early(hook)]
    for name, hook in (cfg.get('default_hooks') or {}).items():
        if _stops_early(hook):
            cfg.default_hooks[name] = None


def _stops_early(hook: Any) -> bool:
    return isinstance(hook, dict) and bare_type(hook) in ('EarlyStoppingHook', 'PatienceHook')


def report(runner: Runner, args: argparse.Namespace, metrics: dict[str, Any], notices: list[str]) -> None:
    """Print the metrics and where everything was written."""
    print(f'\n{" ".join([args.config, *exchange_words(args)])}  {args.checkpoint}')
    for name, value in metrics.items():
        print(f'  {name}: {value:.6g}' if isinstance(value, float) else f'  {name}: {value}')
    notices = [*notices, *no_figures(metrics)]
    for notice in notices:
        print(f'notice: {notice}')
    outputs = [Path(args.out)] if args.out else []
    if args.dump:
        outputs.append(Path(args.dump) / 'metrics.json')
    if outputs:
        from mmengine.device import get_device
        from mmengine.model import is_model_wrapper

        from mmirstd.engine.complexity import describe_network
        from mmirstd.engine.provenance import versions
        from mmirstd.utils.files import file_sha256, write_json

        record = dict(
            metrics={name: _plain(value) for name, value in metrics.items()},
            command=shlex.join(this_command()),
            config=runner.cfg.filename,
            data_set=args.data,
            schedule=args.schedule,
            data_root=str(runner.cfg.test_dataloader.dataset.get('data_root') or ''),
            config_text=runner.cfg.pretty_text,
            checkpoint=None if runner._load_from is None else args.checkpoint,
            checkpoint_sha256=file_sha256(runner._load_from) if Path(str(runner._load_from)).is_file() else None,
            network=describe_network(
                runner.model.module if is_model_wrapper(runner.model) else runner.model,
                runner.test_dataloader.dataset[0],
            ),
            device=get_device(),
            images=len(runner.test_dataloader.dataset),
            eval_size=args.eval_size or 'native',
            processes=runner.world_size,
            notices=notices,
            versions=versions(),
            time=time.strftime('%Y-%m-%dT%H:%M:%S%z'),
        )
        for out in outputs:
            dumped = bool(args.dump) and out == outputs[-1]
            write_json(out, _record_of_dumped_boxes(record) if dumped and _dumps_boxes(runner) else record)
            print(f'metrics file: {out}')
    if args.dump:
        print(f'dump:         {args.dump}  ({command_line("report", args.dump, "--out", "report.html")})')
    if args.show_dir:
        print(f'pictures:     {args.show_dir}')
    print(f'log:          {runner.log_dir}')


def no_figures(metrics: dict[str, Any]) -> list[str]:
    """What to say where an evaluator gave nothing: mmdet's ``CocoMetric`` does so without any prediction."""
    if metrics:
        return []
    return ['the evaluator gave no figure: nothing was predicted in any image, or it measures nothing']


def _dumps_boxes(runner: Runner) -> bool:
    from mmirstd.engine.hooks import PredictionDumpHook

    return any(isinstance(hook, PredictionDumpHook) and hook.of_boxes for hook in runner.hooks)


def _record_of_dumped_boxes(record: dict[str, Any]) -> dict[str, Any]:
    """A dump's maps hold rectangles, whose measures are others than those of the boxes, under the same names."""
    return dict(record, metrics={f'boxes/{name}': value for name, value in record['metrics'].items()})


def _plain(value: Any) -> object:
    """A JSON value; an undefined measure (NaN) becomes null, which every JSON reader takes."""
    if isinstance(value, (int, str)):
        return value
    number = float(value)
    return number if math.isfinite(number) else None
