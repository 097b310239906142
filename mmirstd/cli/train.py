"""Train a model: ``mmirstd train CONFIG [options]``."""

from __future__ import annotations

import argparse
import re
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mmirstd.utils.commands import command_line, this_command
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.progress import now_doing

from .arguments import add_common_arguments, exchange_words, make_parser, option_words_of_test, split_names
from .running import pointing_to_data_check

if TYPE_CHECKING:
    from mmengine.runner import Runner

LOADS = 'PyTorch and OpenMMLab'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('train', 'Train a model.')
    parser.add_argument(
        'config', help='config file, e.g. configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py'
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CKPT',
        help='continue from CKPT, or without CKPT from the newest checkpoint in the work dir',
    )
    parser.add_argument(
        '--new-schedule',
        action='store_true',
        help='with --resume: the learning-rate schedule of the config, at the point that the run has '
        "reached, in place of the checkpoint's; for a run that is made longer",
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision in any case: bfloat16, or float16 on a GPU without it; our CPU schedule '
        'takes it by itself where the machine has it',
    )
    parser.add_argument(
        '--vis',
        action='append',
        metavar='NAME[,NAME]',
        help='write curves and pictures of validation images, targets magnified, to tensorboard or wandb, too',
    )
    parser.add_argument(
        '--patience',
        type=int,
        metavar='N',
        help='stop early, when N validations in a row were not better than the best one before them',
    )
    parser.add_argument(
        '--max-minutes',
        type=float,
        metavar='M',
        help='end after M minutes, last validation included; a schedule that takes longer is shortened to them, and '
        'a continued run goes on with what is left',
    )
    parser.add_argument(
        '--worst',
        type=int,
        default=8,
        metavar='N',
        help='pictures of the N worst validation images of the best checkpoint, in worst_val in the work dir; 0: none; '
        'default: %(default)s',
    )
    parser.add_argument(
        '--verbose', action='store_true', help='the whole log on the console, in place of one line an epoch'
    )
    parser.add_argument('--seed', type=int, help="random seed; default: the config's")
    # the command that runs this one and goes on with it after an interruption
    parser.add_argument('--again', help=argparse.SUPPRESS)
    add_common_arguments(parser)
    args = parser.parse_args(argv)
    if args.worst < 0:
        parser.error(f'--worst {args.worst}: expected a number of pictures, 0 for none')
    return args


def main(argv: list[str] | None = None) -> int:
    """Train; the exit status is 130 where the user interrupted."""
    args = parse_args(argv)
    with pointing_to_data_check(args):
        return _train(args)


def _train(args: argparse.Namespace) -> int:
    started = time.monotonic()
    from mmengine.runner import Runner

    from mmirstd.engine.checkpoint_files import find_checkpoint, newest_checkpoint
    from mmirstd.engine.config_errors import explain_config_errors
    from mmirstd.engine.config_files import load_config
    from mmirstd.engine.elastic_restart import saved_before_restart
    from mmirstd.engine.hooks import (
        AverageBuffersHook,
        CheckpointGuardHook,
        MissedValidationHook,
        NonFiniteLossHook,
        NormalizationHook,
        PreemptionHook,
        ScheduleGuardHook,
    )
    from mmirstd.engine.launch import build_runner, default_work_dir, prepare
    from mmirstd.engine.optim_wrapper import accept_dtype, enable_amp
    from mmirstd.engine.resumed_run import keep_seed, resumed_by_config
    from mmirstd.engine.short_console import ShortConsoleRunner
    from mmirstd.engine.single_image_batches import mind_single_image_batches

    now_doing('preparing the training')
    if args.new_schedule and not args.resume:
        raise ConfigError('--new-schedule: only with --resume; a new run has the schedule of the config anyway')
    cfg = load_config(args.config, args.cfg_options, args.data, args.schedule)
    cfg.work_dir = default_work_dir(cfg, args.work_dir)
    missing = [k for k in ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper') if not cfg.get(k)]
    if missing:
        raise ConfigError(
            f'{args.config}: has no {", ".join(missing)}, so nothing can be trained.\n  cure: add them '
            f'(see configs/_base_/), or run a method without training by `{command_line("test", args.config)}`'
        )
    accept_dtype(cfg.optim_wrapper)
    if args.amp:
        enable_amp(cfg.optim_wrapper)
    if args.seed is not None:
        cfg.setdefault('randomness', {})['seed'] = args.seed
    if args.vis:
        from mmirstd.engine.vis_options import add_vis_backends

        add_vis_backends(cfg, split_names(args.vis))
    if args.patience is not None:
        from mmirstd.engine.early_stopping import stop_early

        stop_early(cfg, args.patience)
    if args.max_minutes is not None:
        from mmirstd.engine.time_budget import limit_minutes

        limit_minutes(cfg, args.max_minutes, time.monotonic() - started)
    restarted_from, resume_notes = saved_before_restart(cfg.work_dir)
    if restarted_from is not None:
        cfg.resume, cfg.load_from = True, restarted_from
    elif resumed := args.resume or resumed_by_config(cfg):
        cfg.resume = True
        if resumed == 'auto':
            newest = newest_checkpoint(cfg.work_dir)
            resume_notes.append(str(newest))
            cfg.load_from = newest.path
        else:
            cfg.load_from = find_checkpoint(resumed)
    else:
        cfg.resume = False
        if cfg.get('load_from'):
            cfg.load_from = find_checkpoint(cfg.load_from)
    if cfg.resume:
        resume_notes += keep_seed(cfg, cfg.load_from)

    _, notes = prepare(cfg, args.launcher)
    runner = build_runner(cfg, [*notes, *resume_notes], Runner if args.verbose else ShortConsoleRunner)
    for hook in (NormalizationHook, NonFiniteLossHook, AverageBuffersHook, PreemptionHook, MissedValidationHook):
        runner.register_hook(hook())
    if args.worst and cfg.get('val_dataloader'):
        from mmirstd.visualization.worst_images import WorstImagesHook

        runner.register_hook(WorstImagesHook(args.worst))
    if cfg.get('load_from'):
        # a base checkpoint may lack what a variant adds; a run that continues must fit exactly
        share = 0.0 if args.partial_checkpoint else (1.0 if cfg.get('resume') else 0.5)
        runner.register_hook(CheckpointGuardHook(min_match=share, filename=cfg.load_from))
    if cfg.resume:
        runner.register_hook(ScheduleGuardHook(args.new_schedule, cfg.load_from))

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with explain_config_errors(args.config):
            mind_single_image_batches(runner)
            runner.train()
    except (KeyboardInterrupt, SyntaxError) as error:
        if not is_interruption(error):
            raise
        saved = sorted(Path(cfg.work_dir).glob('last_checkpoint'))
        state = f'the last saved state is {saved[0].read_text().strip()}' if saved else 'no state was saved yet'
        again = args.again or (resume_command(sys.argv[1:], args, cfg.work_dir) if saved else None)
        print(f'\ninterrupted: {state}.' + (f'\n  to continue: {again}' if again else ''), file=sys.stderr)
        sys.exit(130)
    if runner.rank == 0:
        report(runner, args)
    return 0


def is_interruption(error: BaseException) -> bool:
    """Whether Ctrl-C or SIGTERM is behind an error.

    mmengine writes the config into each checkpoint, and makes a ``SyntaxError`` of whatever happens meanwhile.
    """
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__context__, KeyboardInterrupt)


def resume_command(words: list[str], args: argparse.Namespace, work_dir: str) -> str:
    """The command that this process runs, to go on in the same work dir from the newest checkpoint.

    Args:
        words: What followed the program's name.
        args: The same, parsed.
        work_dir: Where the run writes.
    """
    words = [word for word in words if not word.startswith('--resume=') and word != '--new-schedule']
    if '--resume' in words:
        at = words.index('--resume')
        del words[at : at + (1 if args.resume == 'auto' else 2)]
    if not args.work_dir:
        words += ['--work-dir', work_dir]
    return shlex.join(this_command(*words, '--resume'))


def report(runner: Runner, args: argparse.Namespace) -> None:
    """Say where the results are and what comes next, with the config and its changes as given."""
    from mmirstd.engine.checkpoint_files import best_checkpoint
    from mmirstd.utils.errors import CheckpointError
    from mmirstd.visualization.worst_images import FOLDER

    folder = Path(runner.work_dir)
    marker = folder / 'last_checkpoint'
    print(f'\ndone: {runner.epoch} epochs, {runner.iter} iterations')
    print(f'  log:  {runner.log_dir}')
    if marker.is_file():
        print(f'  last: {marker.read_text().strip()}')
    try:
        checkpoint = best_checkpoint(folder)
    except CheckpointError:  # the config saves none
        return
    if checkpoint.name.startswith('best_'):
        print(f'  best: {checkpoint}')
        if figures := figures_of(checkpoint):
            print(f'        {figures}')
        if pictures := sorted((folder / FOLDER).glob('*.png')):
            print(f'  worst: {folder / FOLDER}: pictures of {len(pictures)} validation images, the worst first')
    words = [*exchange_words(args), *option_words_of_test(args)]
    print(f'  next: {command_line("test", args.config, checkpoint, *words)}')


def figures_of(checkpoint: Path) -> str:
    """The key figures of the validation that chose a ``best_MEASURE_epoch_N.pth``; empty if they were not logged."""
    from mmirstd.benchmark.history import metrics_of, read_history
    from mmirstd.evaluation.key_figures import key_figures
    from mmirstd.evaluation.text_tables import cell, heading

    found = re.fullmatch(r'best_(.+)_(epoch|iter)_(\d+)', checkpoint.stem)
    if found is None:
        return ''
    measure, unit, step = found.groups()
    for entry in read_history(checkpoint.parent, unit).val:
        if entry['step'] == int(step):
            names = key_figures(metrics_of(entry), measure)
            return f'{unit} {step}: ' + ', '.join(f'{heading(name)} {cell(name, entry[name])}' for name in names)
    return ''
