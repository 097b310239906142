"""Test a checkpoint: ``python tools/test.py CONFIG CKPT [options]``; a classical method needs no CKPT."""

from __future__ import annotations

import argparse
import math
import shlex
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmirstd.utils.progress import now_doing, start_heartbeat

if __name__ == '__main__':
    start_heartbeat('loading PyTorch and OpenMMLab')

from mmirstd.engine.checkpoint_files import find_checkpoint
from mmirstd.engine.launch import (
    add_common_arguments,
    build_runner,
    data_check_hint,
    default_work_dir,
    explain_config_errors,
    load_config,
    prepare,
    run_tool,
)
from mmirstd.engine.provenance import versions
from mmirstd.utils.files import file_sha256, write_json


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Test a model on the test split of its config.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        default='none',
        help='checkpoint file; leave out (or "none") for a method without learnt parameters',
    )
    parser.add_argument('--show-dir', help='write one comparison picture per image into this folder')
    parser.add_argument('--out', help='write metrics and their provenance to this JSON file')
    parser.add_argument(
        '--dump',
        metavar='DIR',
        help='write probability map, mask and image of each test image, and the metrics file, into '
        'this folder: what tools/analysis_tools/report.py makes a report of',
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
    add_common_arguments(parser)
    return parser.parse_args(argv)


def main() -> None:
    """Test."""
    from mmirstd.engine import CheckpointGuardHook
    from mmirstd.engine.evaluation_options import set_eval_size, set_per_image, set_per_sequence, set_protocols
    from mmirstd.engine.loading_options import loading_steps
    from mmirstd.engine.normalization import follow_training, is_asked_for
    from mmirstd.engine.prediction_only import predict_only
    from mmirstd.utils.errors import CheckpointError, ConfigError

    args = parse_args()
    now_doing('preparing the test')
    cfg = load_config(args.config, args.cfg_options, args.data)
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
    protocols = [p for given in args.protocol or () for p in given.split(',') if p]
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
    cfg.resume = False
    given = args.checkpoint.lower() != 'none'
    cfg.load_from = find_checkpoint(args.checkpoint) if given else None
    if given and (text := follow_training(loading_steps(cfg.test_dataloader), cfg.load_from, is_asked_for(cfg))):
        notices.append(text)

    _, notes = prepare(cfg, args.launcher)
    runner = build_runner(cfg, [*notes, *notices])
    if given:
        runner.register_hook(
            CheckpointGuardHook(min_match=0.0 if args.partial_checkpoint else 1.0, filename=args.checkpoint)
        )
    elif any(p.requires_grad and p.numel() for p in runner.model.parameters()):
        raise CheckpointError(
            f'{args.config}: its model has learnable parameters and no checkpoint was given, so the '
            'weights would be random.\n  cure: tools/test.py CONFIG CKPT'
        )
    with explain_config_errors(args.config):
        metrics = runner.test()
    if runner.rank == 0:
        report(runner, args, metrics, notices)


def report(runner, args: argparse.Namespace, metrics: dict, notices: list[str]) -> None:
    """Print the metrics and where everything was written."""
    print(f'\n{args.config}{f" --data {args.data}" if args.data else ""}  {args.checkpoint}')
    for name, value in metrics.items():
        print(f'  {name}: {value:.6g}' if isinstance(value, float) else f'  {name}: {value}')
    for notice in notices:
        print(f'notice: {notice}')
    outputs = [Path(args.out)] if args.out else []
    if args.dump:
        outputs.append(Path(args.dump) / 'metrics.json')
    if outputs:
        from mmengine.device import get_device
        from mmengine.model import is_model_wrapper

        from mmirstd.engine.complexity import describe_network

        record = dict(
            metrics={name: _plain(value) for name, value in metrics.items()},
            command=shlex.join(['python', *sys.argv]),
            config=runner.cfg.filename,
            data_set=args.data,
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
            write_json(out, record)
            print(f'metrics file: {out}')
    if args.dump:
        print(f'dump:         {args.dump}  (tools/analysis_tools/report.py {shlex.quote(args.dump)} --out report.html)')
    if args.show_dir:
        print(f'pictures:     {args.show_dir}')
    print(f'log:          {runner.log_dir}')


def _plain(value: object) -> object:
    """A JSON value; an undefined measure (NaN) becomes null, which every JSON reader takes."""
    if isinstance(value, (int, str)):
        return value
    number = float(value)
    return number if math.isfinite(number) else None


if __name__ == '__main__':
    run_tool(main, lambda: data_check_hint(parse_args()))
