"""The options of tracks."""

from __future__ import annotations

import argparse

from mmirstd.tracking.options import TrackOptions, parse_confirmation
from mmirstd.utils.errors import ConfigError

_DEFAULTS = TrackOptions()
#: What is given only with ``--track`` -> the field of :class:`TrackOptions`.
_FIELDS = ('confirm', 'coast', 'max_speed', 'still_camera', 'moving_only')


def add_track_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--track`` and what goes with it."""
    group = parser.add_argument_group('tracks')
    group.add_argument(
        '--track',
        action='store_true',
        help='join the targets of a sequence to tracks with numbers, for any model. A folder of images is then one '
        'sequence',
    )
    group.add_argument(
        '--confirm',
        metavar='M/N',
        help='a track is confirmed when M of N frames in a row have a detection of it (default: '
        f'{_DEFAULTS.confirm[0]}/{_DEFAULTS.confirm[1]})',
    )
    group.add_argument(
        '--coast',
        type=int,
        metavar='N',
        help=f'frames that a track goes on without a detection (default: {_DEFAULTS.coast})',
    )
    group.add_argument(
        '--max-speed',
        type=float,
        metavar='P',
        help=f'greatest speed over the background, in pixels a frame (default: {_DEFAULTS.max_speed:g})',
    )
    group.add_argument(
        '--still-camera',
        action='store_true',
        default=None,
        help='the camera does not move. Default: its motion is measured and taken out',
    )
    group.add_argument(
        '--moving-only',
        action='store_true',
        default=None,
        help='leave out tracks that stand still over the background, which most false ones do; so does a target that '
        'hovers. They are marked in any case',
    )


def track_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> TrackOptions | None:
    """What the command line says of tracks, None without ``--track``; the parser tells what is wrong."""
    given = {name: getattr(args, name) for name in _FIELDS if getattr(args, name) is not None}
    if not args.track:
        if given:
            parser.error(f'--{next(iter(given)).replace("_", "-")} goes with --track')
        if 'tracks' in args.save:
            parser.error('--save tracks goes with --track')
        return None
    args.save = list(dict.fromkeys([*args.save, 'tracks']))
    if given.pop('still_camera', None):
        given['camera'] = 'still'
    try:
        if 'confirm' in given:
            given['confirm'] = parse_confirmation(given['confirm'])
        return TrackOptions(**given)
    except ConfigError as error:
        option = (error.option or '').replace('_', '-')
        parser.error(f'--{option} {error.told(None).removeprefix(f"{error.option}: ")}')
