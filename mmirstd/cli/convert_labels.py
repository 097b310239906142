"""Labels of other programs into another format: ``mmirstd convert-labels SOURCE --to FORMAT --out DIR``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmirstd.datasets.box_checks import BAD_BOX
from mmirstd.datasets.labels.choices import (
    COPY_MODES,
    CORNERS,
    FILLS,
    FORMAT_TEXTS,
    KINDS,
    MISSING_IMAGES,
    READ_ONLY,
    SIZE_MISMATCHES,
    UNITS,
)

from .arguments import add_traceback_argument, make_parser, mask_rule, positive_float
from .point_arguments import add_grow_arguments, read_grow

LOADS = 'NumPy and OpenCV'
DESCRIPTION = """\
Convert labels between masks, COCO JSON, YOLO, Pascal VOC, labelme, CVAT and SSTNet's lists. MOTChallenge's and
Anti-UAV's files are read, too.

The format of a source is found. Several sources become one data set. Images are copied as they are. What is guessed,
replaced or not held by the target format is printed. The documentation,
"Labels of other programs", has a table of what each format keeps.
"""
EXAMPLES = """
{convert-labels} my/labelme --to masks --out data/mine
{convert-labels} my/voc --to coco --out data/mine --bad-box clip
{convert-labels} my/yolo --to coco --out my/yolo --copy none
{convert-labels} data/a data/b --to yolo --out data/both --one-class target
{convert-labels} clicks.csv --images frames --to masks --out data/mine --grow-points
{convert-labels} cvat.xml --images frames --to masks --out data/mine --fill gaussian --point-size 5
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser('convert-labels', DESCRIPTION, EXAMPLES)
    parser.add_argument('source', nargs='+', type=Path, help='folder, label file or list; several become one data set')
    written = {name: text for name, text in FORMAT_TEXTS.items() if name not in READ_ONLY}
    _choice(parser, '--to', written, 'the format to write', required=True)
    parser.add_argument('--out', type=Path, required=True, help='the folder to write to')
    _choice(parser, '--from', FORMAT_TEXTS, 'the format of the sources; default: it is found', dest='source_format')

    group = parser.add_argument_group('targets')
    _choice(group, '--shapes', KINDS, 'what the targets become', default='keep')
    _choice(group, '--fill', FILLS, 'how boxes become pixels', default='ellipse')
    group.add_argument(
        '--point-size', type=positive_float, metavar='PX', help='width and height of targets that are marked by a point'
    )
    add_grow_arguments(group)
    group.add_argument('--one-class', metavar='NAME', help='all classes become this one')

    group = parser.add_argument_group('images')
    group.add_argument('--images', type=Path, metavar='DIR', help='where they are; default: below the source')
    _choice(group, '--copy', COPY_MODES, 'how they get to the new folder', default='copy')
    _choice(group, '--missing-images', MISSING_IMAGES, 'an image is not there', default='error')
    _choice(group, '--size-mismatch', SIZE_MISMATCHES, 'an image has another size than its labels say', default='error')

    group = parser.add_argument_group('how the label files are meant')
    group.add_argument(
        '--names',
        type=Path,
        metavar='FILE',
        help='class names: data.yaml, or a text file with one a line. For YOLO and lists by number; for others no '
        'further class is allowed',
    )
    _choice(group, '--bad-box', BAD_BOX, 'a target has no area or is not in its image', default='error')
    _choice(
        group,
        '--corners',
        CORNERS,
        'corners of Pascal VOC and MOT; default: for VOC edges where one is 0, else voc; for MOT edges',
    )
    _choice(group, '--units', UNITS, 'numbers of YOLO and COCO; default: shares for YOLO, for COCO as they look')
    group.add_argument('--box-format', choices=('xywh', 'xyxy'), help='boxes of COCO; default: xywh, as COCO defines')
    group.add_argument(
        '--mask-rule',
        metavar='RULE',
        default='auto',
        help='which values of a mask are target (documentation: "Your own data", "Masks")',
    )
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    args.grow = read_grow(parser, args)
    return args


def _choice(
    parser: argparse._ActionsContainer, option: str, values: dict[str, str], help: str, **kwargs: object
) -> None:
    listed = '; '.join(f'{name}: {text}' for name, text in values.items())
    default = f'; default: {kwargs["default"]}' if 'default' in kwargs else ''
    parser.add_argument(option, choices=tuple(values), help=f'{help}. {listed}{default}', **kwargs)  # type: ignore[arg-type]


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    args = parse_args(argv)
    from mmirstd.datasets.labels import CheckOptions, ConvertOptions, ReadOptions, convert_labels
    from mmirstd.datasets.labels.classes import read_class_names

    options = ConvertOptions(
        source_format=args.source_format,
        read=ReadOptions(
            images=args.images,
            names=read_class_names(args.names) if args.names else None,
            box_format=args.box_format,
            corners=args.corners,
            units=args.units,
            mask_rule=mask_rule(args.mask_rule),
        ),
        check=CheckOptions(args.bad_box, args.size_mismatch, args.missing_images),
        kind=args.shapes,
        point_size=args.point_size,
        grow=args.grow,
        fill=args.fill,
        one_class=args.one_class,
        images=args.copy,
    )
    labels, notes = convert_labels(args.source, args.to, args.out, options)
    for note in notes:
        print(f'note: {note}')
    print(f'{args.out}: {args.to}: {labels.summary()}')
    return 0
