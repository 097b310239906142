"""One table of all single-frame networks: ``mmirstd zoo``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import ConfigError

from .arguments import add_traceback_argument, make_parser

TABLE = 'zoo/networks'
DESCRIPTION = """\
One table of all single-frame networks: size, speed, configs, and whether they equal their official code.

- parameters and FLOPs: of the base model in configs/_base_/models, one input channel, one image; 2 FLOPs per
  multiply-accumulate of convolutions and matrix products.
- latency: median time of a network's forward pass divided by that of GGL-Net, on this machine's CPU; the two take turns
  and both are warmed up first. Classical methods: from image to detections.
- recipes: those of configs/<folder>/<network>_<recipe>_<data set>.py; any takes another data set by --data.
- golden: each official state dict recorded in tests/data/golden is filled by the recorded rule, converted and loaded,
  and the prediction in float64 compared with the recorded outputs. The largest difference is relative to the largest
  recorded logit. Where the official code knows no float64, its float32 outputs were recorded, with their rounding.
"""
EXAMPLES = """
{zoo}                                   # everything; the latencies take minutes
{zoo} dnanet mshnet --rounds 9
{zoo} --rounds 0 --out zoo.json         # no latencies
{zoo} --rounds 9 --page docs/zoo.md     # rebuild the table of that page
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = make_parser('zoo', DESCRIPTION, EXAMPLES)
    parser.add_argument('names', nargs='*', help='base models; all by default')
    parser.add_argument('--size', type=int, default=256, help='side of the image for FLOPs and latency')
    parser.add_argument('--rounds', type=int, default=5, help='timed runs of each side of a comparison; 0: no latency')
    parser.add_argument('--threads', type=int, default=1, help='threads for the latency')
    parser.add_argument('--no-golden', action='store_true', help='leave out the comparison with the official code')
    parser.add_argument('--out', type=Path, help='write the table to this JSON file, too')
    parser.add_argument(
        '--page', type=Path, help=f'write the table into this Markdown file, too, between its markers {TABLE!r}'
    )
    add_traceback_argument(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Measure, compare, and print the table; the exit status is 1 where a network differs from its official code.

    Raises:
        ConfigError: A name is not one of a base model.
    """
    args = parse_args(argv)
    import torch

    from mmirstd.benchmark import write_table
    from mmirstd.registry import MODELS

    from .zoo_table import REFERENCE, golden_records, latency_ratio, make_row, markdown, single_frame_models

    models = single_frame_models()
    unknown = sorted(set(args.names) - set(models))
    if unknown:
        raise ConfigError(
            f'no base model {", ".join(unknown)} in configs/_base_/models; there are: {", ".join(models)}'
        )
    torch.set_num_threads(args.threads)
    records = {} if args.no_golden else golden_records()
    if not records and not args.no_golden:
        print(
            'notice: no comparison with the official codes; their recorded figures are in a checkout only, in '
            'tests/data/golden',
            file=sys.stderr,
        )
    reference: Any = MODELS.build(models[REFERENCE].model).eval() if args.rounds else None
    rows = []
    for name, cfg in models.items():
        if args.names and name not in args.names:
            continue
        print(f'{name} ...', file=sys.stderr, flush=True)
        row = make_row(name, cfg, args.size, records)
        if args.rounds:
            row.latency = latency_ratio(MODELS.build(cfg.model).eval(), reference, args.size, args.rounds)
        rows.append(row)
    table = markdown(rows, args.size)
    print(table)
    if args.page:
        write_table(args.page, TABLE, table + '\n')
    if args.out:
        args.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + '\n')
    wrong = [arch for row in rows for arch, difference in row.golden.items() if not difference.is_none]
    if wrong:
        print(f'error: not equal to the official code: {", ".join(wrong)}', file=sys.stderr)
        return 1
    return 0
