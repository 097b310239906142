"""Find a network: ``mmirstd zoo``. Measure them all: ``mmirstd zoo --measure``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import ConfigError

from .arguments import add_traceback_argument, make_parser, positive_float, positive_int

TABLE, COST_TABLE, CLIP_TABLE = 'zoo/networks', 'zoo/costs', 'zoo/clip-costs'
DESCRIPTION = """\
List the networks with their cost, their IoU and whether they equal their official code; filter and sort them.

--measure measures them anew on this machine and writes configs/zoo.json:
- parameters and FLOPs: of the network without its data, one input channel, one image of 256x256, or one clip
  of them; 2 FLOPs per multiply-accumulate of convolutions and matrix products.
- time: median of a network's forward pass in each backend, divided by that of GGL-Net in PyTorch, on this machine's
  CPU; all take turns and are warmed up first. Classical methods: from image to detections.
- costs: the same as milliseconds, and the peak memory of a process that does nothing else.
- of a network of clips: the result of one frame, from its whole clip and from a stream.
- equality: each official state dict recorded in tests/data/golden is filled by the recorded rule, converted and loaded,
  and the prediction in float64 compared with the recorded outputs. The largest difference is relative to the largest
  recorded logit. Where the official code knows no float64, its float32 outputs were recorded, with their rounding.
"""
EXAMPLES = """
{zoo}                                                    # all of them
{zoo} --max-gflops 15 --sort own                         # the best small ones
{zoo} --equal --license mit --sort gflops --out zoo.csv
{zoo} --sort time --backend openvino --costs             # milliseconds, images a second, memory
{zoo} --measure --rounds 9 --page docs/zoo.md            # hours
{zoo} dnanet mshnet --measure                            # these two anew, the others stay
{zoo} sstnet --costs --backend "onnxruntime streaming"   # a detector of clips, frame by frame
"""
SORTS = ('name', 'params', 'gflops', 'time', 'memory', 'published', 'own')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = make_parser('zoo', DESCRIPTION, EXAMPLES)
    parser.add_argument('names', nargs='*', help='parts of names; all by default (with --measure: whole names)')
    listing = parser.add_argument_group('find')
    listing.add_argument('--sort', choices=SORTS, default='name', help='costs from the least, IoU from the highest')
    listing.add_argument('--max-gflops', type=positive_float, metavar='X', help='of one image of 256x256')
    listing.add_argument('--max-params', type=positive_float, metavar='M', help='in millions')
    listing.add_argument('--max-time', type=positive_float, metavar='R', help="CPU time over GGL-Net's")
    listing.add_argument(
        '--backend',
        default='torch',
        metavar='NAME',
        help='whose time and memory --sort and --max-time mean, and --costs shows: torch, torch folded, onnxruntime, '
        "openvino, ...; for networks of clips also 'onnxruntime streaming', ... (default: %(default)s)",
    )
    listing.add_argument('--costs', action='store_true', help='show what an image costs in the backend')
    listing.add_argument('--equal', action='store_true', help='only those that equal their official code')
    listing.add_argument('--license', metavar='TEXT', help='part of the license of the official code, e.g. mit')
    listing.add_argument('--kind', choices=('learned', 'classical'))
    listing.add_argument(
        '--data', default='nudt-sirst-663-664', metavar='NAME', help='whose IoU is shown (nudt-sirst-663-664)'
    )
    listing.add_argument('--out', metavar='FILE', help='write the table to this .md, .tex, .csv or .html file, too')
    measuring = parser.add_argument_group('measure')
    measuring.add_argument('--measure', action='store_true', help='measure on this machine and write configs/zoo.json')
    measuring.add_argument(
        '--rounds', type=_rounds, default=5, help='timed runs of each side of a comparison; 0: no times'
    )
    measuring.add_argument('--no-memory', action='store_true', help='leave out peak memory: a process a backend')
    measuring.add_argument('--threads', type=positive_int, default=1, help='threads for the times')
    measuring.add_argument('--no-golden', action='store_true', help='leave out the comparison with the official code')
    measuring.add_argument(
        '--record', type=Path, metavar='FILE', help='in place of configs/zoo.json, to read and write'
    )
    parser.add_argument(
        '--page',
        type=Path,
        metavar='FILE',
        help=f'write the tables of all into this Markdown file, too, between its markers {TABLE!r}, '
        f'{COST_TABLE!r} and {CLIP_TABLE!r}, and the picture images/zoo.svg beside it',
    )
    add_traceback_argument(parser)
    return parser.parse_args(argv)


def _rounds(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'expected a whole number from 0 on, found {text!r}')
    return int(text)


def main(argv: list[str] | None = None) -> int:
    """List, or measure and list; the exit status is 1 where a network differs from its official code.

    Raises:
        ConfigError: A name is not one of a network, the backend not one of the record, or no network has costs there.
    """
    args = parse_args(argv)
    from mmirstd.evaluation.text_tables import terminal_table
    from mmirstd.utils.result_table import check_result_path, write_result_tables
    from mmirstd.zoo.catalog import backends_of, read_catalog, select, sort_entries, zoo_costs, zoo_table

    if args.out:
        check_result_path(args.out)
    wrong = measure(args) if args.measure else []
    everything = read_catalog(args.record)
    if args.backend not in backends_of(everything):
        raise ConfigError(f'--backend {args.backend}', expected=', '.join(backends_of(everything)))
    found = select(
        everything,
        args.names,
        args.max_gflops,
        args.max_params,
        args.max_time,
        args.equal,
        args.license,
        args.kind,
        args.backend,
    )
    found = sort_entries(found, args.sort, args.data, args.backend)
    if args.costs:
        found = _with_costs(found, args.backend)
    table = zoo_costs(found, [args.backend]) if args.costs else zoo_table(found, args.data)
    if found:
        print(terminal_table(table, hidden=('recipes',)))
    print(f'{len(found)} of {len(everything)} networks' + ('' if found else ': none fits these limits'))
    if args.out:
        write_result_tables(args.out, table)
    if args.page:
        write_page(args.page, everything, args.data)
    if wrong:
        print(f'error: not equal to the official code: {", ".join(wrong)}', file=sys.stderr)
        return 1
    return 0


def _with_costs(entries: list[Any], backend: str) -> list[Any]:
    """Those that have costs in a backend; of the others it is said."""
    from mmirstd.zoo.catalog import backends_of

    found = [entry for entry in entries if backend in entry.costs]
    if entries and not found:
        known = backends_of([entry for entry in entries if entry.costs])
        raise ConfigError(
            f'--costs --backend {backend!r}: none of {len(entries)} networks has costs there',
            expected=', '.join(known) or 'networks that were measured (mmirstd zoo NAME --measure)',
        )
    if len(found) < len(entries):
        print(f'notice: {len(entries) - len(found)} without costs in {backend!r} left out', file=sys.stderr)
    return found


def measure(args: argparse.Namespace) -> list[str]:
    """Measure the named networks, or all, and put them into the record.

    Returns:
        The ``--arch`` names that differ from their official code.

    Raises:
        ConfigError: A name is not one of a network.
    """
    import torch

    from mmirstd.zoo.backend_costs import measure_backends, reference_run
    from mmirstd.zoo.measurement import REFERENCE, count_and_compare, golden_records
    from mmirstd.zoo.networks import zoo_models
    from mmirstd.zoo.record import SIZE, update_record

    models = zoo_models()
    unknown = sorted(set(args.names) - set(models))
    if unknown:
        raise ConfigError(f'no network is called {", ".join(unknown)}; there are: {", ".join(models)}')
    torch.set_num_threads(args.threads)
    records = {} if args.no_golden else golden_records()
    if not records and not args.no_golden:
        print(
            'notice: no comparison with the official codes; their recorded figures are in a checkout only, in '
            'tests/data/golden',
            file=sys.stderr,
        )
    reference: Any = reference_run(models[REFERENCE], SIZE) if args.rounds else None
    wrong = []

    def say(text: str) -> None:
        print(f'notice: {text}', file=sys.stderr)

    for name, cfg in models.items():
        if args.names and name not in args.names:
            continue
        print(f'{name} ...', file=sys.stderr, flush=True)
        figures = count_and_compare(name, cfg, SIZE, records)
        if args.rounds or not args.no_memory:
            memory = not args.no_memory
            figures.time, figures.costs = measure_backends(name, cfg, reference, SIZE, args.rounds, memory, say)
        # At once: hours of measuring must not be lost with one network.
        update_record({name: figures.to_record(bool(records))}, set(models), args.record)
        wrong += [arch for arch, difference in figures.golden.items() if not difference.is_none]
    return wrong


def write_page(page: Path, entries: list[Any], data_set: str) -> None:
    """Put the table of all networks and the picture into a page."""
    from mmirstd.benchmark import write_table
    from mmirstd.utils.files import write_text
    from mmirstd.utils.result_table import markdown_table
    from mmirstd.zoo.catalog import CLIP_BACKENDS, PAGE_BACKENDS, zoo_clip_costs, zoo_costs, zoo_table
    from mmirstd.zoo.scatter import draw_scatter

    write_table(page, TABLE, markdown_table(zoo_table(entries, data_set)))
    write_table(
        page, COST_TABLE, markdown_table(zoo_costs([entry for entry in entries if entry.frames == 1], PAGE_BACKENDS))
    )
    write_table(page, CLIP_TABLE, markdown_table(zoo_clip_costs(entries, CLIP_BACKENDS)))
    write_text(page.parent / 'images' / 'zoo.svg', draw_scatter(entries, data_set))
