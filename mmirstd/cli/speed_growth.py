"""How costs grow: ``mmirstd speed growth --out DIR``."""

from __future__ import annotations

import argparse

from mmirstd.costs.cost_table import machine
from mmirstd.costs.growth import GrowthPoint, draw_growth, growth_table, measure_growth, plan
from mmirstd.evaluation.text_tables import terminal_table
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import write_text
from mmirstd.utils.result_table import write_result_tables
from mmirstd.zoo.catalog import read_catalog


def report(args: argparse.Namespace) -> list[GrowthPoint]:
    """Measure what the record lacks; print the table, and write it and the picture.

    Args:
        args: See :func:`.speed.parse_args`.

    Raises:
        ConfigError: ``--out`` is no folder.
    """
    if args.out.exists() and not args.out.is_dir():
        raise ConfigError(f'--out {args.out}', found='a file', expected='a folder, which is made')
    planned = plan(
        args.sizes, args.frames, args.images, args.processes, args.network, args.detector, args.method, args.threads
    )
    about = dict(
        machine=machine(), network=args.network, detector=args.detector, method=args.method, threads=args.threads
    )
    points = measure_growth(planned, args.out / 'growth.json', about, lambda text: print(text, flush=True))
    networks = [(entry.flops / 1e9, entry.time) for entry in read_catalog() if entry.flops and entry.time]
    notes = (
        f'{about["machine"]["cpu"]}; PyTorch {about["machine"]["torch"]}.',
        f'size: {args.network} in PyTorch, {args.threads} thread(s); frames: {args.detector}, a frame of a sequence; '
        f'images and processes: the whole command `mmirstd infer` with {args.method}, with its start.',
        'CPU time and peak memory are of a process that does only this; of several processes, their sum and the '
        'largest. Wall time depends on what else runs.',
    )
    table = growth_table(points, notes)
    print(terminal_table(table))
    files = [path for name in ('growth.md', 'growth.csv') for path in write_result_tables(args.out / name, table)]
    picture = args.out / 'growth.svg'
    write_text(picture, draw_growth(points, networks))
    print(f'written: {", ".join(map(str, [args.out / "growth.json", *files, picture]))}')
    return points
