"""What a tracker can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mmirstd.utils.errors import ConfigError


@dataclass(frozen=True)
class TrackOptions:
    """How detections become tracks.

    Attributes:
        confirm: (M, N): a track is confirmed when M of N frames in a row have a detection of it.
        coast: Frames that a confirmed track goes on without a detection; after more it ends.
        max_speed: Greatest speed of a target over the background, in pixels a frame.
        position_noise: Standard deviation of a detection's position, in pixels.
        maneuver: Standard deviation of the change of a target's velocity from frame to frame, in pixels a frame.
        camera: ``'flow'``: the camera's motion is measured and taken out; ``'still'``: it does not move.
        moving_only: Give only tracks that are known to move over the background.
        still_frames: Frames over which a track must have moved, and after which it is known whether it does.
        still_distance: Pixels over the background that it must have moved in these.

    Raises:
        ConfigError: A value is out of its range.
    """

    confirm: tuple[int, int] = (3, 5)
    coast: int = 10
    max_speed: float = 5.0
    position_noise: float = 0.7
    maneuver: float = 0.3
    camera: str = 'flow'
    moving_only: bool = False
    still_frames: int = 15
    still_distance: float = 3.0

    def __post_init__(self) -> None:
        hits, frames = self.confirm
        if not 1 <= hits <= frames:
            raise ConfigError(f'confirm {hits}/{frames}', expected='M/N with 1 <= M <= N, e.g. 3/5', option='confirm')
        for name, least in (('coast', 0), ('still_frames', 2)):
            if getattr(self, name) < least:
                raise ConfigError(name, found=str(getattr(self, name)), expected=f'at least {least}', option=name)
        for name in ('max_speed', 'position_noise', 'maneuver', 'still_distance'):
            if not 0 < getattr(self, name) < math.inf:
                raise ConfigError(name, found=str(getattr(self, name)), expected='more than 0, and finite', option=name)
        if self.camera not in ('flow', 'still'):
            raise ConfigError('camera', found=self.camera, expected='flow or still', option='camera')


def parse_confirmation(text: str) -> tuple[int, int]:
    """``(M, N)`` of ``'M/N'``.

    Raises:
        ConfigError: The text is something else.
    """
    hits, _, frames = text.partition('/')
    if not (hits.strip().isdecimal() and frames.strip().isdecimal() and 1 <= int(hits) <= int(frames)):
        raise ConfigError(f'{text!r}', expected='M/N with 1 <= M <= N, e.g. 3/5', option='confirm')
    return int(hits), int(frames)
