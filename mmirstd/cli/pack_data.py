"""A small copy of a data set for another machine: ``mmirstd pack-data ROOT LIST... --out FOLDER``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmirstd.utils.progress import Progress

from .arguments import add_traceback_argument, make_parser, positive_int

LOADS = 'PyTorch and OpenMMLab'
DESCRIPTION = """\
A small copy of a data set for another machine: the images and masks that split lists name, and the lists.

Images become PNG of one channel, masks PNG of one channel, as small as PNG makes them. Each file is read again and
compared: mmirstd reads the same pixels from the copy. What differs from the files themselves, such as colors that
mmirstd does not read, is said.
"""
EXAMPLES = """
{pack-data} data/NUAA-SIRST img_idx/idx427_trainval.txt img_idx/idx427_test.txt --out pack/NUAA-SIRST
{pack-data} data/NUDT-SIRST img_idx/train_NUDT-SIRST.txt --out try/NUDT-SIRST --first 20
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser('pack-data', DESCRIPTION, EXAMPLES)
    parser.add_argument('root', type=Path, help='folder of the data set, with images/ and masks/')
    parser.add_argument('lists', nargs='+', metavar='LIST', help='split files, relative to ROOT')
    parser.add_argument('--out', type=Path, required=True, help='folder of the copy, missing or empty')
    parser.add_argument(
        '--first', type=positive_int, metavar='N', help='only the first N samples of each list, for a try'
    )
    add_traceback_argument(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Pack, and say what the copy holds."""
    args = parse_args(argv)
    from mmirstd.datasets.data_pack import list_size, pack_data

    total = list_size(args.root, args.lists, args.first)
    with Progress(total, 'file', str(args.out)) as progress:
        report = pack_data(args.root, args.lists, args.out, args.first, progress.update)
        progress.update(total)  # an image of two lists was counted twice
    print(f'{args.out}: {report}')
    return 0
