"""Convert the infrared videos of the drone detection data set: ``mmirstd drone-ir SOURCE OUT``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.utils.commands import command_line

from .arguments import make_parser

if TYPE_CHECKING:
    from mmirstd.datasets.converters.drone_ir import Splits

DESCRIPTION = """\
Convert the infrared videos of the drone detection data set to frames and COCO JSON.

The data set (Svanström et al., ICPR 2020, CC0) has one NAME.mp4 and one NAME_LABELS.mat per video in Data/Video_IR.
OUT gets images/NAME/FRAME.png (gray, 320x256) and instances_{train,val,test}2017.json, with the sequences in video_id
and frame_id. With --every N only each N-th frame is annotated, but the T-1 frames before it (--window T) are written
too, so clip models see the true past.

A config for a detector of mmdet on these frames is printed at the end.

Labels for frames that a video does not have are left out and counted. The command may be repeated: finished videos are
kept, an interrupted conversion goes on.
"""
EXAMPLES = """
{drone-ir} path/to/Drone-detection-dataset data/Drone-IR
{drone-ir} path/to/Drone-detection-dataset data/Drone-IR --every 10
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser('drone-ir', DESCRIPTION, EXAMPLES)
    parser.add_argument('source', type=Path, help='folder of the data set, with Data/Video_IR')
    parser.add_argument('out', type=Path, help='folder to write to')
    parser.add_argument(
        '--splits',
        type=Path,
        help='folder with train.txt and test.txt, video names; default: '
        'SOURCE/splits if it is there, else the lists that come with mmirstd (79 and 35 videos)',
    )
    parser.add_argument(
        '--val-fraction',
        type=float,
        default=0.15,
        metavar='SHARE',
        help='share of the training videos held out for validation, of each kind; default: 0.15',
    )
    parser.add_argument('--seed', type=int, default=0, help='of the hold-out; default: 0')
    parser.add_argument('--every', type=int, default=1, metavar='N', help='annotate each N-th frame; default: 1')
    parser.add_argument(
        '--window',
        type=int,
        default=5,
        metavar='T',
        help='write the T-1 frames before each annotated one too; default: 5',
    )
    parser.add_argument('--stride', type=int, default=1, help='distance of the frames of a window; default: 1')
    parser.add_argument('--videos', nargs='+', metavar='NAME', help='only these videos of the splits')
    parser.add_argument(
        '--kinds',
        action='store_true',
        help='airplanes, birds, drones and helicopters are classes; default: one, target',
    )
    parser.add_argument('--workers', type=int, default=1, help='threads; default: 1')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit code is 2 for input that cannot be used."""
    args = parse_args(argv)
    from mmirstd.datasets.converters.drone_ir import SHIPPED_SPLITS, Splits, read_splits
    from mmirstd.datasets.converters.mmdet_config import mmdet_config

    try:
        if not 0 <= args.val_fraction < 1:
            raise ValueError(f'--val-fraction is {args.val_fraction}; expected a value from 0 to below 1')
        shipped = args.source / 'splits'
        splits = read_splits(
            args.splits or (shipped if shipped.is_dir() else SHIPPED_SPLITS), args.val_fraction, args.seed
        )
        if args.videos:
            wanted = set(args.videos)
            unknown = sorted(wanted - {name for _, part in splits.items() for name in part})
            if unknown:
                raise ValueError(f'--videos {unknown[0]} is in no split list')
            splits = Splits(*([name for name in part if name in wanted] for _, part in splits.items()))
        start = time.perf_counter()
        summary = _run(args, splits)
    except (ImportError, OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    for names, text in (
        (summary['short'], 'end before their labels do; the labels beyond are left out'),
        (summary['long'], 'have more frames than labels; the frames beyond are left out'),
    ):
        if names:
            few = ', '.join(
                f'{name} ({frames} frames, {labels} labels)' for name, (frames, labels) in list(names.items())[:5]
            )
            print(
                f'warning: {len(names)} of {summary["videos"]} videos {text}: {few}{" ..." if len(names) > 5 else ""}',
                file=sys.stderr,
            )
    parts = ', '.join(
        f'{part} {summary["images"][part]} frames with {summary["boxes"][part]} boxes' for part in summary['images']
    )
    print(
        f'{args.out}: {summary["videos"]} videos ({summary["made"]} converted now, the others kept) in '
        f'{time.perf_counter() - start:.1f} s; {parts}'
    )
    if any(summary['images'].values()):
        print(
            '\nmmirstd has configs for them ('
            + command_line('train', 'configs/sstnet/sstnet-nano_cpu-b8-9e_drone-ir.py')
            + '). For a detector of mmdet, save this as my_detector.py:\n\n'
            + mmdet_config(args.out, summary['images'], summary['classes'])
        )
    return 0


def _run(args: argparse.Namespace, splits: Splits) -> dict[str, Any]:
    from tqdm import tqdm

    from mmirstd.datasets.converters.drone_ir import FrameChoice, convert

    total = sum(len(part) for _, part in splits.items())
    with tqdm(total=total, unit='video', desc=str(args.out), mininterval=0.5) as bar:
        return convert(
            args.source,
            args.out,
            splits,
            FrameChoice(args.every, args.window, args.stride),
            args.workers,
            lambda record: bar.update(),
            args.kinds,
        )
