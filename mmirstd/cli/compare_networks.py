"""Train and test several networks with an equal budget: ``mmirstd compare-networks --nets A,B --data ...``."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
from typing import TYPE_CHECKING

from mmirstd.utils.commands import command_line, python_path, python_program, this_command
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.progress import now_doing, silent_heartbeat

from .arguments import add_traceback_argument, make_parser, positive_float, positive_int, split_names
from .benchmark import add_running_arguments

if TYPE_CHECKING:
    from mmirstd.comparison import Comparison

#: As long as it is made: it has no steps at certain epochs.
SCHEDULE = 'cpu_adamw-onecycle'
LOADS = 'PyTorch and OpenMMLab'
DESCRIPTION = """\
Train and test several networks on one data set with an equal budget, and write a table.

All get the same data, epochs, batch size and schedule, and keep their own loss. A suite for `mmirstd benchmark` is
written beside the results with a short config of each network; the same command goes on where it was interrupted.
"""
EXAMPLES = """
{compare-networks} --nets acm,alcnet,ggl-net-tiny --data nudt-sirst-663-664 --data-root /data/NUDT-SIRST
{compare-networks} --nets acm,dnanet,white-tophat --data my/images my/masks --seeds 0,1,2 --estimate
{compare-networks} --nets acm,dnanet --data my/images my/masks --epochs 50 --gpus 0,1 --out cmp/r.md --out cmp/r.tex
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('compare-networks', DESCRIPTION, EXAMPLES)
    parser.add_argument(
        '--nets',
        action='append',
        required=True,
        metavar='A,B',
        help='networks: names such as acm (the first word of a config), names of configs, or paths of configs',
    )
    parser.add_argument(
        '--data',
        nargs='+',
        required=True,
        metavar=('NAME', 'LABELS'),
        help='a name of configs/_base_/datasets; or two: a folder of images and one of masks, or labels of another '
        'program, as for `finetune`',
    )
    parser.add_argument('--data-root', metavar='PATH', help='folder of a data set that was given by name')
    parser.add_argument('--seeds', action='append', metavar='0,1', help='trainings of each network; default: 0')
    parser.add_argument(
        '--epochs', type=positive_int, metavar='N', help="default: by the number of images, or the schedule's"
    )
    parser.add_argument('--batch-size', type=positive_int, metavar='N', help='default: 8, less for few images')
    parser.add_argument(
        '--schedule',
        default=SCHEDULE,
        metavar='NAME',
        help='a name of configs/_base_/schedules; default: %(default)s',
    )
    parser.add_argument('--lr', type=positive_float, help="largest learning rate; default: the schedule's")
    parser.add_argument(
        '--bit-depth', type=int, choices=range(1, 17), metavar='BITS', help='of own images; default: found'
    )
    parser.add_argument(
        '--out',
        action='append',
        metavar='FILE',
        help='the table: .md, .tex, .csv or .html; may be repeated; all else is beside the first; default: '
        'comparison/results.md',
    )
    add_running_arguments(parser)
    parser.add_argument('--no-check', action='store_true', help='train although the data have errors')
    what = parser.add_mutually_exclusive_group()
    what.add_argument('--estimate', action='store_true', help='write the suite and say how long it will take')
    what.add_argument('--dry-run', action='store_true', help='write the suite and show the commands')
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    args.nets = split_names(args.nets)
    if len(args.data) > 2:
        parser.error(f'--data {" ".join(args.data)}: expected a name, or a folder of images and their labels')
    if args.data_root is not None and len(args.data) == 2:
        parser.error('--data-root: goes with a data set that is given by name')
    seeds = split_names(args.seeds) or ['0']
    if not all(seed.isdecimal() for seed in seeds) or len(set(seeds)) < len(seeds):
        parser.error(f'--seeds {",".join(seeds)}: expected whole numbers from 0 on, each once')
    args.seeds = tuple(map(int, seeds))
    args.out = args.out or ['comparison/results.md']
    return args


def main(argv: list[str] | None = None) -> int:
    """Compare; the exit status is that of the benchmark."""
    args = parse_args(argv)

    now_doing('looking at networks and data')
    comparison = make_comparison(args)
    print('\n'.join([*comparison.data.notes, f'each network: {comparison.budget}']))
    new = comparison.write()
    print(f'suite: {comparison.suite}' + ('' if new else ', as it was'), flush=True)
    if new and not args.no_check:
        check_data(comparison)
    from . import benchmark

    words = [str(comparison.suite), *(word for path in args.out for word in ('--out', path))]
    again = command_line('benchmark', *words)
    words += ['--jobs', str(args.jobs)] if args.jobs else []
    words += ['--gpus', ','.join(split_names(args.gpus))] if args.gpus else []
    words += ['--estimate'] * args.estimate + ['--dry-run'] * args.dry_run
    with silent_heartbeat():
        status = benchmark.main(words)
    print(f'change {comparison.suite} as you like, and run it: {again}')
    return status


def make_comparison(args: argparse.Namespace) -> Comparison:
    """Look at what was given; nothing is written but masks that are made of other labels.

    Raises:
        ConfigError: A network, a data set or a file is not what it should be.
        DataError: The same of images and labels.
    """
    from mmirstd.comparison import Budget, Comparison, find_networks, named_data, own_data, schedule_epochs
    from mmirstd.finetune import choose_recipe
    from mmirstd.utils.result_table import check_result_path

    out = [check_result_path(path) for path in args.out]
    networks = find_networks(args.nets)
    if len(args.data) == 2:
        images, labels = args.data
        begun = out[0].with_suffix('.yml').exists()
        data = own_data(images, labels, out[0].resolve().with_suffix(''), bit_depth=args.bit_depth, begun=begun)
    elif args.bit_depth is not None:
        raise ConfigError('--bit-depth: goes with images of your own; a data set that is given by name has it')
    else:
        data = named_data(args.data[0], args.data_root)
    recipe = choose_recipe(data.images, trained=False)
    epochs = args.epochs or (recipe.epochs if args.schedule == SCHEDULE else schedule_epochs(args.schedule))
    budget = Budget(
        epochs,
        args.batch_size or recipe.batch_size,
        max(1, epochs // 15),
        args.schedule,
        args.lr,
        args.seeds,
    )
    return Comparison(networks, data, budget, out, shlex.join(this_command()))


def check_data(comparison: Comparison) -> None:
    """List what is wrong with the data before hours are spent.

    Raises:
        ConfigError: There are errors; the suite is taken away again, so that the same command starts anew.
    """
    network = comparison.networks[0]
    words = ['check-data', str(comparison.configs / f'{network.name}.py')]
    if comparison.data.root is not None:
        words += ['--cfg-options', f'data_root={comparison.data.root}']
    with silent_heartbeat():
        done = subprocess.run([*python_program(), *words], env=dict(os.environ, PYTHONPATH=python_path()), check=False)
    if done.returncode:
        comparison.suite.unlink()
        raise ConfigError(
            'the data have errors, listed above',
            cure='correct them and run the same command again, or go on without the check: --no-check',
        )
