"""The options that say what counts as a target."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmirstd.false_alarms.cfar import Cfar
    from mmirstd.false_alarms.operating_point import OperatingPoint


def add_threshold_arguments(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--threshold``, ``--logit-threshold`` and ``--cfar``.

    Args:
        parser: The parser.
        what: Help of ``--threshold``, without its default.
    """
    parser.add_argument(
        '--threshold',
        type=float,
        metavar='P',
        help=f"{what} (default: the checkpoint's, if mmirstd calibrate wrote one into it; else the model's, as a rule "
        '0.5)',
    )
    parser.add_argument(
        '--logit-threshold',
        type=float,
        metavar='Z',
        help='the threshold in logit units in place of P, log(P / (1 - P)): it goes on where probabilities are rounded '
        'to 1',
    )
    parser.add_argument(
        '--cfar',
        type=float,
        metavar='K',
        help='adaptive threshold: a pixel is target when its logit is more than K standard deviations above the '
        'mean of those in a ring around it',
    )
    parser.add_argument(
        '--cfar-ring',
        metavar='GUARD:RING[:FLOOR]',
        help='sides of the inner and the outer square of the ring in pixels, and the least standard deviation in '
        'logit units (default: 15:41:1)',
    )
    add_statistic_argument(parser)


def add_statistic_argument(group: argparse._ActionsContainer) -> None:
    """Add ``--cfar-statistic``."""
    group.add_argument(
        '--cfar-statistic',
        choices=('mean', 'median'),
        help='of the ring: mean and standard deviation; or median and median distance from it, which other targets and '
        'edges in the ring do not raise, but which take longer (default: mean)',
    )


def read_threshold(parser: argparse.ArgumentParser, args: argparse.Namespace) -> OperatingPoint | None:
    """Check the options; the threshold of the logits, or None where none was given."""
    given = [
        f'--{name.replace("_", "-")}'
        for name in ('threshold', 'logit_threshold', 'cfar')
        if getattr(args, name) is not None
    ]
    if len(given) > 1:
        parser.error(f'{" and ".join(given)} are {len(given)} thresholds; expected one')
    if args.threshold is not None and not 0 <= args.threshold < 1:
        parser.error(f'--threshold {args.threshold}: expected 0 <= P < 1')
    cfar, ring, statistic = args.cfar, args.cfar_ring, args.cfar_statistic
    if cfar is None and (ring is not None or statistic is not None):
        parser.error(f'--cfar-{"ring" if ring is not None else "statistic"} goes with --cfar')
    value = args.logit_threshold if cfar is None else cfar
    if value is None:
        return None
    if not math.isfinite(value):
        parser.error(f'{given[0]} {value}: expected a finite number')
    from mmirstd.false_alarms.operating_point import OperatingPoint

    return OperatingPoint(value, None if cfar is None else read_ring(parser, ring, statistic))


def read_ring(parser: argparse.ArgumentParser, text: str | None, statistic: str | None) -> Cfar:
    """The ring of ``--cfar-ring`` and its ``--cfar-statistic``; the defaults for None."""
    from mmirstd.false_alarms.cfar import Cfar

    statistic = statistic or Cfar.statistic
    if text is None:
        return Cfar(statistic=statistic)
    parts = text.split(':')
    try:
        if len(parts) not in (2, 3):
            raise ValueError('expected two or three numbers with colons, such as 15:41')
        floor = float(parts[2]) if len(parts) == 3 else Cfar.floor
        return Cfar(int(parts[0]), int(parts[1]), floor, statistic)
    except ValueError as error:
        parser.error(f'--cfar-ring {text}: {error}')
