"""Convert a text list of SSTNet's data loader (``path x1,y1,x2,y2,class ...`` a line) to COCO JSON.

    python tools/dataset_converters/txt_to_coco.py DAUB_val.txt data/DAUB/instances_test2017.json --root data/DAUB
    python tools/dataset_converters/txt_to_coco.py DAUB_val.txt out.json --strip /home/public/DAUB --size 256x256

The lists hold absolute paths of another machine: the leading folders that are not below --root are taken off. Frame
numbers are the last number of each file name, sequences are folders. mmirstd.TxtClipDataset reads the lists as they
are; the JSON is for other tools.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmirstd.datasets.box_checks import BAD_BOX
from mmirstd.datasets.converters.txt_to_coco import convert


def _size(text: str) -> tuple[int, int]:
    parts = text.lower().split('x')
    if len(parts) != 2 or not all(p.isdecimal() and int(p) for p in parts):
        raise argparse.ArgumentTypeError(f'expected HEIGHTxWIDTH, for example 256x256, got {text!r}')
    return int(parts[0]), int(parts[1])


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('list', type=Path, help='the text list')
    parser.add_argument('out', type=Path, help='JSON file to write')
    parser.add_argument('--root', type=Path, help='folder of the data set')
    parser.add_argument('--strip', help='what to take off the front of the listed paths; default: find it in --root')
    parser.add_argument('--size', type=_size, metavar='HxW', help='size of all images; default: read it from the files')
    parser.add_argument(
        '--bad-box',
        choices=tuple(BAD_BOX),
        default='error',
        help='; '.join(f'{name}: {text}' for name, text in BAD_BOX.items()) + '; default: error',
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit code is 2 for input that cannot be used."""
    args = parse_args(argv)
    try:
        made = convert(args.list, args.out, args.root, args.strip, args.size, args.bad_box)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    for problem, number in made['bad'].items():
        print(f'warning: {number} boxes with {problem}: {args.bad_box}', file=sys.stderr)
    print(f'{args.out}: {made["images"]} images of {made["sequences"]} sequences, {made["boxes"]} boxes')
    return 0


if __name__ == '__main__':
    sys.exit(main())
