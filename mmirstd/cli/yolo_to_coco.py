"""Convert YOLO label files to COCO JSON: ``mmirstd yolo-to-coco SOURCE OUT``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .arguments import make_parser

DESCRIPTION = """\
Convert YOLO label files ("class x_center y_center width height" a line) to COCO JSON.

The label file of images/a.png is labels/a.txt, or a.txt beside it. An image without one has no targets. Paths in the
JSON are relative to the folder, or to the folder of the list: put the JSON there, or set data_prefix.img.
"""
EXAMPLES = """
{yolo-to-coco} data/mine/train.txt data/mine/instances_train2017.json
{yolo-to-coco} data/mine instances.json --names data/mine/data.yaml
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser('yolo-to-coco', DESCRIPTION, EXAMPLES)
    parser.add_argument('source', type=Path, help='folder of images, or a text file with one image path a line')
    parser.add_argument('out', type=Path, help='JSON file to write')
    parser.add_argument(
        '--names',
        type=Path,
        help='class names: data.yaml, or a text file with one a line; default: the one class target',
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit code is 2 for input that cannot be used."""
    args = parse_args(argv)
    from mmirstd.datasets.converters.yolo_to_coco import convert, read_class_names

    try:
        names = read_class_names(args.names) if args.names else ['target']
        made = convert(args.source, args.out, names)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    if made['repaired']:
        print(f'warning: {made["repaired"]} boxes reached over the edge of their image and were cut', file=sys.stderr)
    print(
        f'{args.out}: {made["images"]} images ({made["unlabeled"]} without a label file: without targets), '
        f'{made["boxes"]} boxes, classes {", ".join(names)}'
    )
    return 0
