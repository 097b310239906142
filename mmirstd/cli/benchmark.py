"""Train and test the runs of a suite, and rebuild its tables: ``mmirstd benchmark SUITE``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.resources import resource_root

from .arguments import add_traceback_argument, make_parser, positive_float, positive_int, split_names

if TYPE_CHECKING:
    from mmirstd.benchmark import Job, Plan, Settings, Suite

DESCRIPTION = """\
Train and test the runs of a suite, and rebuild its tables.

What was done before is skipped, what was interrupted is continued; one result record a run and seed is kept in logs
beside the suite, and the tables are made from these records alone. A run that fails does not keep the others from
running; the same command tries it again.
"""
EXAMPLES = """
{benchmark} suite.yml --dry-run
{benchmark} suite.yml --estimate
{benchmark} suite.yml --gpus 0,1 --out results.md --out results.tex
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('benchmark', DESCRIPTION, EXAMPLES)
    parser.add_argument('suite', nargs='?', help='YAML file, e.g. benchmarks/drone-ir.yml')
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
    add_running_arguments(parser)
    parser.add_argument('--only', nargs='+', metavar='GLOB', help='only runs with these names')
    parser.add_argument('--seeds', nargs='+', type=int, metavar='K', help='only these seeds of the suite')
    parser.add_argument(
        '--max-minutes',
        type=positive_float,
        metavar='M',
        help='end after M minutes, tests and tables included: all runs of a seed get the same time, a schedule that '
        'takes longer is shortened to it, and another seed begins when there is time for all of its runs',
    )
    parser.add_argument(
        '--test-minutes',
        type=positive_float,
        metavar='M',
        help='with --max-minutes: the time kept for the tests of each run; default: a quarter of its time at first, '
        'then what tests took',
    )
    parser.add_argument(
        '--out',
        action='append',
        default=[],
        metavar='FILE',
        help='write the tables here, too: .md, .tex, .csv or .html; may be repeated',
    )
    parser.add_argument('--logs', type=Path, help='folder of the records; default: logs beside the suite')
    parser.add_argument(
        '--work-dir',
        type=Path,
        help='folder for checkpoints, one subfolder a suite, run and seed; default: work_dirs/benchmarks',
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument('--list', action='store_true', help='show the runs and their state')
    what.add_argument(
        '--dry-run', action='store_true', help='build all networks, show the commands for a shell, run nothing'
    )
    what.add_argument(
        '--estimate',
        action='store_true',
        help='say how long it will take, by what was trained here or by a few steps of each run that are made now',
    )
    what.add_argument('--tables-only', action='store_true', help='rebuild the tables and charts from the records')
    what.add_argument('--schema', action='store_true', help='print the JSON Schema of suite files')
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    if args.suite is None and not args.schema:
        parser.error('the following arguments are required: suite')
    for text in args.cfg_options:
        if not text.startswith('data_root='):
            parser.error(
                f'--cfg-options {text}: only data_root=PATH; other options belong into the suite, where the '
                'records can be checked against them'
            )
        args.data_root.append(text.removeprefix('data_root='))
    if args.test_minutes is not None and (args.max_minutes is None or args.test_minutes >= args.max_minutes):
        parser.error(f'--test-minutes {args.test_minutes:g}: expected less than --max-minutes')
    return args


def add_running_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how many runs go side by side, and where."""
    parser.add_argument(
        '--jobs',
        type=positive_int,
        metavar='N',
        help='runs side by side, the cores divided among them (2 on 2 cores: one thread each); default: one, or one '
        'a GPU of --gpus',
    )
    parser.add_argument(
        '--gpus',
        action='append',
        metavar='K,K',
        help='each run gets one of these GPUs, as CUDA_VISIBLE_DEVICES names them, and they run side by side',
    )


def main(argv: list[str] | None = None) -> int:
    """Run; the exit status is 1 where a job failed, 130 where the user interrupted."""
    started = time.monotonic()
    args = parse_args(argv)
    if args.schema:
        from mmirstd.benchmark.suite_schema import SCHEMA_FILE

        print(SCHEMA_FILE.read_text(encoding='utf-8'), end='')
        return 0
    from mmengine.logging import MMLogger

    from mmirstd.benchmark import Job, TimeBudget, due_pairs, load_suite, read_records, run_jobs, write_tables
    from mmirstd.utils.result_table import check_result_path

    out = [check_result_path(path) for path in args.out]
    suite = load_suite(args.suite, resource_root())
    settings = _settings(args, suite)
    if args.tables_only:
        write_tables(suite, settings.logs, settings.work_dir, out)
        return 0
    if not MMLogger.check_instance_created('mmirstd'):
        MMLogger.get_instance('mmirstd', log_level='WARNING')  # configs are read many times
    stop = threading.Event()
    pairs = suite.select(args.only, args.seeds)

    def due_jobs() -> list[Job]:
        due = pairs
        if suite.halving is not None:
            now = due_pairs(suite, read_records(suite, settings.logs))
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
    _check(suite, settings, left)
    if args.dry_run:
        _show_commands(settings, left)
        return 0
    _check_gpus(settings)
    if args.estimate:
        _estimate(settings, jobs, left)
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    budget = None
    if args.max_minutes is not None:
        budget = TimeBudget(args.max_minutes, args.test_minutes, time.monotonic() - started)
    outcome = run_jobs(left, settings.jobs, stop, budget=budget)
    # The next stage of a halving begins when all of this one is there.
    while suite.halving is not None and not (outcome.interrupted or outcome.failed or outcome.left):
        left = [job for job in due_jobs() if not job.done()]
        if not left:
            break
        print(f'{suite.name}: next stage, {len(left)} runs')
        done = outcome.finished
        outcome = run_jobs(left, settings.jobs, stop, budget=budget)
        outcome.finished[:0] = done
    write_tables(suite, settings.logs, settings.work_dir, out)
    for message in outcome.failed.values():
        print(f'\nFAILED {message}', file=sys.stderr)
    print(
        f'{suite.name}: {len(outcome.finished)} done now, {len(outcome.failed)} failed'
        + ('; the same command tries them again' if outcome.failed and not outcome.interrupted else '')
        + (f', {len(outcome.left)} left; the same command goes on' if outcome.left else '')
        + (', interrupted; the same command goes on' if outcome.interrupted else '')
    )
    return 130 if outcome.interrupted else int(bool(outcome.failed))


def _settings(args: argparse.Namespace, suite: Suite) -> Settings:
    from mmirstd.benchmark import Settings, move_data
    from mmirstd.engine.threads import plan_threads

    gpus = tuple(split_names(args.gpus))
    if len(set(gpus)) < len(gpus):
        raise ConfigError(f'--gpus {",".join(gpus)}: a GPU is named twice', cure='several runs a GPU: --jobs N')
    jobs = args.jobs or len(gpus) or 1
    return Settings(
        (args.logs or suite.logs).expanduser().resolve(),
        (args.work_dir or suite.work_dir).expanduser().resolve(),
        move_data(suite, args.data_root),
        jobs,
        # the cores are divided among the jobs as among the ranks of one run; OMP_NUM_THREADS is respected
        plan_threads(local_ranks=jobs).threads,
        gpus,
    )


def _check(suite: Suite, settings: Settings, left: list[Job]) -> None:
    """Find what can be found before anything runs: no hour is spent before a misspelled option is."""
    for name in sorted({job.run.data_root for job in left if job.run.data_root}):
        if not Path(settings.data[name]).is_dir():
            raise ConfigError(
                f'data root {name}: {settings.data[name]} does not exist.\n  cure: --data-root {name}=PATH'
            )
    plans: dict[str, Plan] = {}
    for job in left:
        plans[job.run.name] = job.check(plans.get(job.run.name))


def _check_gpus(settings: Settings) -> None:
    """See that the GPUs are there; a job on one that is not would train on the CPU.

    Raises:
        ConfigError: They are not.
    """
    if not settings.gpus:
        return
    import torch

    count = torch.cuda.device_count()
    numbers = [int(gpu) for gpu in settings.gpus if gpu.isdecimal()]
    if not count or max(numbers, default=0) >= count:
        raise ConfigError(
            f'--gpus {",".join(settings.gpus)}',
            found=f'{count} GPUs that PyTorch sees' + (', numbered from 0' if count else ''),
            expected='all of these',
        )


def _show_commands(settings: Settings, left: list[Job]) -> None:
    for name in dict.fromkeys(job.run.name for job in left):
        next(job for job in left if job.run.name == name).build_network()
    if left:
        print('# each line runs when it is pasted into a shell; what is run so makes no record')
    for slot, job in enumerate(left):
        job.gpu = settings.gpu_of(slot)
        print(f'# {job.name}: {job.status()}')
        if (obstacle := job.obstacle()) is not None:
            print('\n'.join(f'# {line}' for line in obstacle.splitlines()))
            continue
        for line in job.shell_lines():
            print(line)


def _estimate(settings: Settings, jobs: list[Job], left: list[Job]) -> None:
    """Print how long each run takes, how that is known, and when all are done."""
    from mmirstd.benchmark import JobFailed
    from mmirstd.benchmark.estimate import TrainingTime, clock, known_time, measured_time, side_by_side

    measured: dict[str, TrainingTime] = {}
    times = []
    width = max((len(job.name) for job in left), default=0)
    for job in left:
        plan = job.check()
        time = known_time(job, [other for other in jobs if other.run is job.run and other is not job], plan)
        if time is None:
            if job.run.name not in measured:
                job.gpu = settings.gpu_of(0)
                try:
                    measured[job.run.name] = measured_time(job, plan)
                except JobFailed as error:
                    measured[job.run.name] = TrainingTime(None, f'its first steps fail: {error.reason}')
            time = measured[job.run.name]
        times.append(time)
        shown = 'unknown' if time.seconds is None else clock(time.seconds)
        print(f'{job.name:{width}}  {shown:>12}  {time.source}', flush=True)
    known = [time.seconds for time in times if time.seconds is not None]
    lacking = ['tests'] + (
        ['validations of runs whose steps were measured'] if not all(t.validates for t in times) else []
    )
    print(
        f'all: about {clock(side_by_side(known, settings.jobs))} with {settings.jobs} side by side, {settings.threads} '
        f'threads each; {" and ".join(lacking)} come on top'
        + (f'; {len(times) - len(known)} runs of unknown length, too' if len(known) < len(times) else '')
    )
