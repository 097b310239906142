"""Convert a text list of SSTNet's data loader to COCO JSON: ``mmirstd txt-to-coco LIST OUT``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mmirstd.datasets.box_checks import BAD_BOX

from .arguments import image_size, make_parser

DESCRIPTION = """\
Convert a text list of SSTNet's data loader ("path x1,y1,x2,y2,class ..." a line) to COCO JSON.

The lists hold absolute paths of another machine: the leading folders that are not below --root are taken off. Frame
numbers are the last number of each file name, sequences are folders. mmirstd.TxtClipDataset reads the lists as they
are; the JSON is for other tools.
"""
EXAMPLES = """
{txt-to-coco} DAUB_val.txt data/DAUB/instances_test2017.json --root data/DAUB
{txt-to-coco} DAUB_val.txt out.json --strip /home/public/DAUB --size 256x256
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser('txt-to-coco', DESCRIPTION, EXAMPLES)
    parser.add_argument('list', type=Path, help='the text list')
    parser.add_argument('out', type=Path, help='JSON file to write')
    parser.add_argument('--root', type=Path, help='folder of the data set')
    parser.add_argument('--strip', help='what to take off the front of the listed paths; default: find it in --root')
    parser.add_argument(
        '--size', type=image_size, metavar='HxW', help='size of all images; default: read it from the files'
    )
    parser.add_argument(
        '--bad-box',
        choices=tuple(BAD_BOX),
        default='error',
        help='; '.join(f'{name}: {text}' for name, text in BAD_BOX.items()) + '; default: error',
    )
    parser.add_argument(
        '--names', nargs='+', metavar='NAME', help='of the classes, from class 0 on; default: there is one, target'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit code is 2 for input that cannot be used."""
    args = parse_args(argv)
    from mmirstd.datasets.converters.txt_to_coco import convert

    try:
        made = convert(args.list, args.out, args.root, args.strip, args.size, args.bad_box, args.names)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    for problem, number in made['bad'].items():
        print(f'warning: {number} boxes with {problem}: {args.bad_box}', file=sys.stderr)
    print(f'{args.out}: {made["images"]} images of {made["sequences"]} sequences, {made["boxes"]} boxes')
    return 0
