"""See what the network sees: ``mmirstd browse CONFIG [options]``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import add_data_set_arguments, add_traceback_argument, make_parser

if TYPE_CHECKING:
    import numpy as np

DESCRIPTION = """\
Contact sheets (PNG) of a data set as the network sees it, after the whole pipeline.

Each sample is shown as the image with the contour of its mask, and below it its targets magnified, once bare and once
with the contour.
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('browse', DESCRIPTION)
    add_data_set_arguments(parser)
    parser.add_argument(
        '--num', type=int, default=24, metavar='N', help='samples to show, evenly spaced over the split; 0: all'
    )
    parser.add_argument(
        '--repeat',
        type=int,
        default=1,
        metavar='K',
        help='run the pipeline K times on each sample, to see what is random in it',
    )
    parser.add_argument('--per-sheet', type=int, default=12, metavar='M', help='samples on one sheet')
    parser.add_argument('--out', help='folder of the sheets; default: work_dirs/<config name>/browse')
    parser.add_argument('--seed', type=int, default=0, help='seed of the random transforms')
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    for option in ('num', 'repeat', 'per_sheet'):
        if getattr(args, option) < (0 if option == 'num' else 1):
            parser.error(f'--{option.replace("_", "-")} {getattr(args, option)}: expected a larger number')
    return args


def main(argv: list[str] | None = None) -> None:
    """Write the sheets."""
    args = parse_args(argv)
    import random

    import numpy as np
    from mmengine.registry import DATASETS

    from mmirstd.engine.config_files import load_data_set
    from mmirstd.visualization import contact_sheet, save_png
    from mmirstd.visualization.sample_pictures import describe_sample, key_frame, sample_picture

    dataset = DATASETS.build(load_data_set(args.config, args.split, args.cfg_options, args.data))
    random.seed(args.seed)
    np.random.seed(args.seed)

    number = min(args.num or len(dataset), len(dataset))
    picks = np.linspace(0, len(dataset) - 1, number).round().astype(int)
    name = Path(args.config).stem + (f'_{Path(args.data).stem}' if args.data else '')
    out = Path(args.out or Path('work_dirs') / name / 'browse')
    pictures: list[np.ndarray] = []
    sheets = positive = shown = 0
    for index in picks.repeat(args.repeat):
        sample = dataset[int(index)]
        data_sample = sample['data_samples']
        inputs, mask = key_frame(sample['inputs'].numpy(), data_sample)
        name = data_sample.get('sample_id') or Path(data_sample.get('img_path', str(index))).stem
        pictures.append(sample_picture(inputs, mask, describe_sample(inputs, mask, name)))
        shown += 1
        positive += mask is not None and bool(mask.any())
        if len(pictures) == args.per_sheet or shown == number * args.repeat:
            path = out / f'{args.split}_{sheets:03d}.png'
            save_png(path, contact_sheet(pictures, columns=4))
            print(f'{path}  ({shown} of {number * args.repeat} samples)', flush=True)
            pictures, sheets = [], sheets + 1
    print(f'{args.split}: {len(dataset)} samples; {positive} of the {shown} shown have a target')
