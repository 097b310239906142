"""The options that say how gray values become the network's input."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from mmirstd.utils.renamed import RenamedOption

if TYPE_CHECKING:
    from mmirstd.apis.frame_inference import FrameInference


def add_gray_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--normalize``, ``--max-value``, ``--bit-depth``, ``--nonfinite`` and ``--invert``."""
    values = parser.add_argument_group('gray values (default: as in training; raw files of more than 8 bits robust)')
    ways = ('fixed', 'robust', 'minmax', 'maximum', 'percentile', 'auto')
    values.add_argument(
        '--normalize',
        choices=ways,
        help='divide by the largest code; or stretch each image whatever gain and offset it has (robust), from its '
        'least to its greatest value, from 0 to its greatest, or between two percentiles; auto: fixed for 8 bits, '
        'robust for raw files',
    )
    values.add_argument('--normalise', dest='normalize', action=RenamedOption, choices=ways, help=argparse.SUPPRESS)
    values.add_argument('--max-value', type=float, metavar='V', help='what "fixed" divides by')
    values.add_argument('--bit-depth', type=int, metavar='N', help='significant bits of 16-bit images, e.g. 14')
    values.add_argument(
        '--nonfinite',
        choices=('error', 'median'),
        help='NaN and infinity in float images: an error, or replaced by the median',
    )
    values.add_argument(
        '--invert',
        action='store_true',
        default=None,
        help='dark targets on a brighter background (black-hot images) for a model of bright ones',
    )


def gray_options(args: argparse.Namespace) -> dict[str, Any]:
    """What was given, as ``normalize`` and ``load_options`` of an inferencer."""
    load_options = dict(
        max_value=args.max_value, bit_depth=args.bit_depth, nonfinite=args.nonfinite, invert=args.invert
    )
    return dict(normalize=args.normalize, load_options=load_options)


def name_gray_options(inferencer: FrameInference) -> None:
    """Let an inferencer's messages name these options, not those of Python."""
    inferencer.bit_depth_cure = '--bit-depth {0}, or stretch them with --normalize robust'
    inferencer.fixed_options = '--bit-depth N', '--max-value V'
