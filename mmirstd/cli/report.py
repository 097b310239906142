"""One self-contained HTML report of test runs: ``mmirstd report RUN_DIR [RUN_DIR ...]``."""

from __future__ import annotations

import argparse
import functools
import os
from pathlib import Path

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import ConfigError, UserError
from mmirstd.visualization.report.limits import MAX_ALARMS, MAX_CLIPS, MAX_RUNS, MAX_TARGETS

from .arguments import add_traceback_argument, make_parser, split_names

DESCRIPTION = """\
One HTML report of test runs, of masks or of boxes.

Several runs must be of the same images. Runs that differ by their seed only are given with commas between: they become
one line with mean and standard deviation. The file opens from disk in any current browser, on a phone too, and loads
nothing from anywhere.
"""
EXAMPLES = """
{test} CONFIG CKPT --dump runs/a
{report} runs/a runs/b --names before after --out report.html
{report} base=runs/a-0,runs/a-1 ours=runs/b-0,runs/b-1
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('report', DESCRIPTION, EXAMPLES)
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='[NAME=]RUN_DIR[,RUN_DIR]',
        help=f'folder that `{command_line("test")} --dump` wrote; of several seeds, their folders with commas between',
    )
    parser.add_argument('--out', default='report.html', help='HTML file to write (report.html)')
    parser.add_argument('--names', nargs='+', metavar='NAME', help='names of the runs; default: NAME, or their folders')
    parser.add_argument('--title', default='Infrared small target detection', help='heading of the page')
    parser.add_argument(
        '--protocol',
        action='append',
        metavar='NAME[,NAME]',
        help='of masks, protocols of the table besides "default"; all of them if not given',
    )
    parser.add_argument(
        '--max-targets',
        type=int,
        default=MAX_TARGETS,
        metavar='N',
        help='targets shown, the hardest ones; the tables count all (%(default)s)',
    )
    parser.add_argument(
        '--max-alarms',
        type=int,
        default=MAX_ALARMS,
        metavar='N',
        help=f'false alarms shown of each run, the most confident ones; the tables count all ({MAX_ALARMS})',
    )
    parser.add_argument(
        '--max-clips',
        type=int,
        default=MAX_CLIPS,
        metavar='N',
        help='of sequences, misses and false alarms that get a clip of the frames around them (%(default)s)',
    )
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    if args.names and len(args.names) != len(args.runs):
        parser.error(f'{len(args.names)} names for {len(args.runs)} runs')
    if len(args.runs) > MAX_RUNS:
        parser.error(f'{len(args.runs)} runs; a report holds at most {MAX_RUNS}')
    for option in ('max_targets', 'max_alarms', 'max_clips'):
        if getattr(args, option) < 0:
            parser.error(f'--{option.replace("_", "-")} {getattr(args, option)}: expected 0 or more')
    return args


def split_group(given: str) -> tuple[str | None, list[str]]:
    """A name, None where there is none, and the folders of ``[NAME=]RUN_DIR[,RUN_DIR...]``.

    Raises:
        UserError: No folder is named.
    """
    if Path(given).is_dir():  # whatever its name holds
        return None, [given]
    name, equals, listed = given.rpartition('=')
    folders = [folder for folder in listed.split(',') if folder]
    if not folders:
        raise UserError(f'{given!r}: names no folder', expected='[NAME=]RUN_DIR[,RUN_DIR...]')
    return name if equals and name else None, folders


def group_names(groups: list[tuple[str | None, list[str]]]) -> list[str]:
    """The names given, else what the names of a group's folders have in common, else the first one's."""
    first = run_names([folders[0] for _, folders in groups])
    names = []
    for (name, folders), fallback in zip(groups, first):
        common = os.path.commonprefix([Path(folder).resolve().name for folder in folders]).rstrip('-_. ')
        names.append(name or (common if len(folders) > 1 and common else fallback))
    return names if len(set(names)) == len(names) else [name or one for (name, _), one in zip(groups, first)]


def run_names(folders: list[str]) -> list[str]:
    """The folders' last parts, or whole if those are not distinct."""
    names = [Path(folder).resolve().name for folder in folders]
    return names if len(set(names)) == len(names) else [str(folder) for folder in folders]


def main(argv: list[str] | None = None) -> None:
    """Analyze and write.

    Raises:
        ConfigError: An unknown protocol.
        UserError: The file cannot be written.
        DataError: A run is damaged, or the runs do not go together.
    """
    args = parse_args(argv)
    from tqdm import tqdm

    from mmirstd.evaluation.functional import PROTOCOLS, get_protocol
    from mmirstd.evaluation.prediction_dump import PredictionDump
    from mmirstd.visualization.report import RunGroup, analyze_run, build_contents, write_page

    try:
        given = [get_protocol(name).name for name in split_names(args.protocol)]
    except KeyError as error:
        raise ConfigError(f'--protocol: {error.args[0]}') from error
    given_groups = [split_group(given) for given in args.runs]
    folders = [folder for _, members in given_groups for folder in members]
    dumps = [PredictionDump(folder) for folder in folders]
    if args.protocol and any(dump.boxes is not None for dump in dumps):
        raise ConfigError('--protocol: boxes are always measured by all protocols', cure='leave it out')
    titles = args.names or group_names(given_groups)
    names = run_names(folders) if any(len(members) > 1 for _, members in given_groups) else titles
    runs = [
        analyze_run(
            dump,
            name,
            given if args.protocol else list(PROTOCOLS),
            progress=functools.partial(tqdm, desc=name, unit='image'),
        )
        for name, dump in zip(names, dumps)
    ]
    groups, first = [], 0
    for title, (_, members) in zip(titles, given_groups):
        groups.append(RunGroup(title, tuple(range(first, first + len(members)))))
        first += len(members)
    contents = build_contents(runs, args.title, args.max_alarms, groups, args.max_clips, args.max_targets)
    try:
        path = write_page(contents, args.out)
    except OSError as error:
        raise UserError(f'{args.out}: cannot be written ({error.strerror}); choose another --out') from error
    for run in runs:
        measures, first_one = run.summary['own']['default'], 'mAP50' if run.kind == 'boxes' else 'IoU'
        print(
            f'{run.name}: {first_one} {measures[first_one]:.4f}  Pd {measures["Pd"]:.4f}  Fa {measures["Fa_e6"]:.2f}e-6'
        )
        for notice in run.summary['notices']:
            print(f'notice: {notice}')
    print(f'{path}: {path.stat().st_size / 1e6:.1f} MB, {len(contents["data"]["items"])} findings')
