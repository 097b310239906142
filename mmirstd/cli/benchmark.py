"""Train and test the runs of a suite, and rebuild its tables: ``mmirstd benchmark SUITE``."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.resources import resource_root

from .arguments import add_traceback_argument, make_parser

if TYPE_CHECKING:
    from mmirstd.benchmark import Plan, Suite

DESCRIPTION = """\
Train and test the runs of a suite, and rebuild its tables.

What was done before is skipped, what was interrupted is continued; one result record a run and seed is kept in
benchmarks/logs, and the tables in the READMEs are made from these records alone.
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('benchmark', DESCRIPTION)
    root = resource_root()
    parser.add_argument('suite', help='YAML file, e.g. benchmarks/drone-ir.yml')
    parser.add_argument(
        '--data-root',
        action='append',
        default=[],
        metavar='[NAME=]PATH',
        help='where a data root of the suite is on this machine',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='data_root=PATH',
        help='the same as --data-root, as for the other tools; all else belongs into the suite',
    )
    parser.add_argument(
        '--jobs',
        type=int,
        default=1,
        metavar='N',
        help='runs side by side, the cores divided among them (2 on 2 cores: one thread each)',
    )
    parser.add_argument('--only', nargs='+', metavar='GLOB', help='only runs with these names')
    parser.add_argument('--seeds', nargs='+', type=int, metavar='K', help='only these seeds of the suite')
    parser.add_argument('--logs', type=Path, default=root / 'benchmarks' / 'logs', help='folder of the records')
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=root / 'work_dirs' / 'benchmarks',
        help='folder for checkpoints; one subfolder a suite, run and seed',
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument('--list', action='store_true', help='show the runs and their state')
    what.add_argument('--dry-run', action='store_true', help='build all networks, show the commands, run nothing')
    what.add_argument('--tables-only', action='store_true', help='rebuild the tables and charts from the records')
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    if args.jobs < 1:
        parser.error(f'--jobs {args.jobs}: expected at least 1')
    for text in args.cfg_options:
        if not text.startswith('data_root='):
            parser.error(
                f'--cfg-options {text}: only data_root=PATH; other options belong into the suite, where the '
                'records can be checked against them'
            )
        args.data_root.append(text.removeprefix('data_root='))
    return args


def write_tables(suite: Suite, logs: Path) -> None:
    """Rebuild all tables of a suite and their charts; all are built before the first is written."""
    from mmirstd.benchmark import build_table, read_records, write_chart, write_table

    records = read_records(suite, logs)
    built = [(table, build_table(suite, table, records, logs)) for table in suite.tables]
    for table, content in built:
        files = {table.readme: write_table(suite.root / table.readme, f'{suite.name}/{table.name}', content.markdown)}
        if content.chart is not None and table.chart is not None:
            files[table.chart] = write_chart(suite.root / table.chart, content.chart)
        shown = ', '.join(file + ('' if changed else ' (unchanged)') for file, changed in files.items())
        print(f'table {suite.name}/{table.name}: {shown}')


def main(argv: list[str] | None = None) -> int:
    """Run; the exit status is 1 where a job failed, 130 where the user interrupted."""
    args = parse_args(argv)
    from mmengine.logging import MMLogger

    from mmirstd.benchmark import Job, Settings, due_pairs, load_suite, move_data, read_records, run_jobs
    from mmirstd.engine.threads import plan_threads

    suite = load_suite(args.suite, resource_root())
    logs = args.logs.expanduser().resolve()
    if args.tables_only:
        write_tables(suite, logs)
        return 0
    # the cores are divided among the jobs as among the ranks of one run; OMP_NUM_THREADS is respected
    settings = Settings(
        logs,
        args.work_dir.expanduser().resolve(),
        move_data(suite, args.data_root),
        args.jobs,
        plan_threads(local_ranks=args.jobs).threads,
    )
    if not MMLogger.check_instance_created('mmirstd'):
        MMLogger.get_instance('mmirstd', log_level='WARNING')  # configs are read many times
    stop = threading.Event()
    pairs = suite.select(args.only, args.seeds)

    def due_jobs() -> list[Job]:
        due = pairs
        if suite.halving is not None:
            now = due_pairs(suite, read_records(suite, logs))
            due = [pair for pair in now if pair in pairs]
        return [Job(suite, run, seed, settings, stop) for run, seed in due]

    jobs = due_jobs()
    if args.list:
        width = max(len(job.name) for job in jobs)
        for job in jobs:
            print(f'{job.name:{width}}  {job.status()}')
        return 0
    left = [job for job in jobs if not job.done()]
    print(f'{suite.name}: {len(jobs)} runs, {len(jobs) - len(left)} done before')
    for name in sorted({job.run.data_root for job in left if job.run.data_root}):
        if not Path(settings.data[name]).is_dir():
            raise ConfigError(
                f'data root {name}: {settings.data[name]} does not exist.\n  cure: --data-root {name}=PATH'
            )
    plans: dict[str, Plan] = {}
    for job in left:  # no hour is spent before a misspelled option is found
        plans[job.run.name] = job.check(plans.get(job.run.name))
    if args.dry_run:
        for name in dict.fromkeys(job.run.name for job in left):
            next(job for job in left if job.run.name == name).build_network()
        for job in left:
            print(f'# {job.name}: {job.status()}')
            if (obstacle := job.obstacle()) is not None:
                print('\n'.join(f'# {line}' for line in obstacle.splitlines()))
                continue
            for command in job.next_commands():
                print(shlex.join(['python', *command]))
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    outcome = run_jobs(left, args.jobs, stop)
    # The next stage of a halving begins when all of this one is there.
    while suite.halving is not None and not outcome.interrupted and not outcome.failed:
        left = [job for job in due_jobs() if not job.done()]
        if not left:
            break
        print(f'{suite.name}: next stage, {len(left)} runs')
        done = outcome.finished
        outcome = run_jobs(left, args.jobs, stop)
        outcome.finished[:0] = done
    write_tables(suite, logs)
    for message in outcome.failed.values():
        print(f'\nFAILED {message}', file=sys.stderr)
    print(
        f'{suite.name}: {len(outcome.finished)} done now, {len(outcome.failed)} failed'
        + (', interrupted; the same command goes on' if outcome.interrupted else '')
    )
    return 130 if outcome.interrupted else int(bool(outcome.failed))
