"""The options that let points become the pixels of their targets."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmirstd.datasets.points.click import GrowOptions


def add_grow_arguments(group: argparse._ActionsContainer) -> None:
    """Add ``--grow-points`` and ``--dark``."""
    group.add_argument(
        '--grow-points',
        type=_level,
        nargs='?',
        const=0.3,
        metavar='LEVEL',
        help='a point becomes the pixels around it that are brighter than LEVEL of the way from the background to the '
        "target's peak, between 0 and 1; without LEVEL: 0.3",
    )
    group.add_argument(
        '--dark',
        action='store_true',
        default=None,  # a call of before it was there says the same
        help='with --grow-points: targets are darker than the background',
    )


def read_grow(parser: argparse.ArgumentParser, args: argparse.Namespace) -> GrowOptions | None:
    """Check the options; how points grow, or None where they do not."""
    if args.dark and args.grow_points is None:
        parser.error('--dark: only with --grow-points')
    if args.grow_points is None:
        return None
    if args.point_size is not None:
        parser.error('--grow-points and --point-size both say how large the target of a point is; give one')
    from mmirstd.datasets.points.click import GrowOptions

    return GrowOptions(args.grow_points, dark=bool(args.dark))


def _level(text: str) -> float:
    level = float(text)
    if not 0 < level < 1:
        raise argparse.ArgumentTypeError(f'{text}: expected a level between 0 and 1')
    return level
