"""One self-contained HTML report of test runs: ``mmirstd report RUN_DIR [RUN_DIR ...]``."""

from __future__ import annotations

import argparse
import functools
from pathlib import Path

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import ConfigError, UserError
from mmirstd.visualization.report.limits import MAX_ALARMS, MAX_RUNS

from .arguments import add_traceback_argument, make_parser, split_names

DESCRIPTION = """\
One HTML report of test runs.

Several runs must be of the same images. The file opens from disk in any current browser, on a phone too, and loads
nothing from anywhere.
"""
EXAMPLES = """
{test} CONFIG CKPT --dump runs/a
{report} runs/a runs/b --names before after --out report.html
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('report', DESCRIPTION, EXAMPLES)
    parser.add_argument('runs', nargs='+', metavar='RUN_DIR', help=f'folder that `{command_line("test")} --dump` wrote')
    parser.add_argument('--out', default='report.html', help='HTML file to write (report.html)')
    parser.add_argument('--names', nargs='+', metavar='NAME', help='names of the runs; default: their folders')
    parser.add_argument('--title', default='Infrared small target detection', help='heading of the page')
    parser.add_argument(
        '--protocol',
        action='append',
        metavar='NAME[,NAME]',
        help='protocols of the table besides "default"; all of them if not given',
    )
    parser.add_argument(
        '--max-alarms',
        type=int,
        default=MAX_ALARMS,
        metavar='N',
        help=f'false alarms shown of each run, the most confident ones; the tables count all ({MAX_ALARMS})',
    )
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    if args.names and len(args.names) != len(args.runs):
        parser.error(f'{len(args.names)} names for {len(args.runs)} runs')
    if len(args.runs) > MAX_RUNS:
        parser.error(f'{len(args.runs)} runs; a report holds at most {MAX_RUNS}')
    if args.max_alarms < 0:
        parser.error(f'--max-alarms {args.max_alarms}: expected 0 or more')
    return args


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
    from mmirstd.visualization.report import analyze_run, build_contents, write_page

    try:
        given = [get_protocol(name).name for name in split_names(args.protocol)]
    except KeyError as error:
        raise ConfigError(f'--protocol: {error.args[0]}') from error
    dumps = [PredictionDump(folder) for folder in args.runs]
    names = args.names or run_names(args.runs)
    runs = [
        analyze_run(
            dump,
            name,
            given if args.protocol else list(PROTOCOLS),
            progress=functools.partial(tqdm, desc=name, unit='image'),
        )
        for name, dump in zip(names, dumps)
    ]
    contents = build_contents(runs, args.title, args.max_alarms)
    try:
        path = write_page(contents, args.out)
    except OSError as error:
        raise UserError(f'{args.out}: cannot be written ({error.strerror}); choose another --out') from error
    for run in runs:
        measures = run.summary['own']['default']
        print(f'{run.name}: IoU {measures["IoU"]:.4f}  Pd {measures["Pd"]:.4f}  Fa {measures["Fa_e6"]:.2f}e-6')
        for notice in run.summary['notices']:
            print(f'notice: {notice}')
    print(f'{path}: {path.stat().st_size / 1e6:.1f} MB, {len(contents["data"]["items"])} findings')
