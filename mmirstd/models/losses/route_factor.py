"""By how much DGR's route scales the gradients of the top-down path, over the course of a training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..training_progress import TrainingProgress

_SCHEDULE = ('start_factor', 'end_factor', 'begin', 'end', 'by_epoch')


class RouteFactor:
    """The factor alpha of each level that feeds a finer one: constant, or linear from one value to another.

    Args:
        alpha: One of

            * a number >= 0 for all levels;
            * a sequence of them, one a level, level 1 (the finest that feeds one) first;
            * ``dict(start_factor=..., end_factor=..., begin=0, end=None, by_epoch=True)``, each factor as above: the
              first until epoch (iteration) ``begin``, the second from the last one before ``end`` on, linear
              between, as mmengine's ``LinearParamScheduler``. ``end=None``: the end of the training.

    Raises:
        ValueError: Anything else.
    """

    def __init__(self, alpha: float | Sequence[float] | Mapping[str, Any]) -> None:
        self.scheduled = isinstance(alpha, Mapping)
        schedule: dict[str, Any] = (
            dict(alpha) if isinstance(alpha, Mapping) else dict(start_factor=alpha, end_factor=alpha)
        )
        missing = [key for key in _SCHEDULE[:2] if key not in schedule]
        if missing or set(schedule) - set(_SCHEDULE):
            raise ValueError(
                f'DGRLoss: alpha={schedule}; expected a number, one a level, or '
                'dict(start_factor=..., end_factor=..., begin=0, end=None, by_epoch=True)'
            )
        self.start, self.stop = (_factors(schedule[key]) for key in _SCHEDULE[:2])
        self.begin, self.end = schedule.get('begin', 0), schedule.get('end')
        self.by_epoch = schedule.get('by_epoch', True)
        good = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in (self.begin, self.end or 0))
        if not good or (self.end is not None and self.end < self.begin + 2):
            raise ValueError(
                f'DGRLoss: alpha has begin={self.begin!r}, end={self.end!r}; expected whole numbers with '
                '0 <= begin and begin + 2 <= end, or end=None'
            )

    def check_levels(self, count: int, pyramid: str) -> None:
        """Compare with the number of levels that feed a finer one.

        Args:
            count: Of the pyramid.
            pyramid: Its name, for the message.

        Raises:
            ValueError: There is another number of factors.
        """
        for factors in (self.start, self.stop):
            if len(factors) not in (1, count):
                raise ValueError(
                    f'DGRLoss: alpha={list(factors)}, but {count} levels of {pyramid} feed a finer one\n  expected: '
                    'one number, or one for each of these levels, finest first'
                )

    def at(self, progress: TrainingProgress | None, count: int) -> tuple[float, ...]:
        """The factors at a point of the training.

        Args:
            progress: Where it is; a constant alpha does not ask.
            count: Levels that feed a finer one.

        Returns:
            One for each of them.

        Raises:
            RuntimeError: There is a schedule, and nothing told the progress, or not in epochs.
        """
        start, stop = (factors * count if len(factors) == 1 else factors for factors in (self.start, self.stop))
        if not self.scheduled:
            return start
        if progress is None:
            raise RuntimeError(
                'DGRLoss: alpha has a schedule, but nothing tells the network how far the training is.\n  cure: '
                "default_hooks=dict(auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook')) in the config, or\n"
                '        mmirstd.models.auxiliary_loss.tell_progress(model, progress) in a loop of your own'
            )
        now, last = (
            (progress.epoch, progress.max_epochs) if self.by_epoch else (progress.iteration, progress.max_iterations)
        )
        if now is None or last is None:
            raise RuntimeError(
                'DGRLoss: alpha has a schedule by epoch, but this training counts iterations.\n  cure: alpha=dict('
                'by_epoch=False, ...), begin and end in iterations'
            )
        end = last if self.end is None else self.end
        share = min(max((now - self.begin) / max(end - 1 - self.begin, 1), 0.0), 1.0)
        return tuple(a + share * (b - a) for a, b in zip(start, stop))


def _factors(value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    good = values and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) and v >= 0 for v in values
    )
    if not good:
        raise ValueError(f'DGRLoss: alpha={value!r}; expected finite numbers >= 0 (0: cut, 1: as usual)')
    return tuple(float(v) for v in values)
