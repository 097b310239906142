"""Problems of a data set: raised one by one, or gathered to list all of them at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from mmengine.logging import print_log

from mmirstd.utils.errors import DataError


@dataclass(frozen=True)
class Problem:
    """A gathered problem.

    Attributes:
        message: What is wrong, and the cure; it shows the first few of what it is about.
        items: All of what it is about, one line each.
        fatal: The data set cannot be used as it is; False: something was ignored, guessed or replaced.
    """

    message: str
    items: tuple[str, ...]
    fatal: bool


class Problems:
    """Where a data set's problems go.

    Args:
        gather: False: an error is raised as it is found, a warning logged. True: both are kept in :attr:`found`, and
            the data set goes on without what they concern.

    Attributes:
        found: The problems so far.
    """

    def __init__(self, gather: bool = False) -> None:
        self.gather = gather
        self.found: list[Problem] = []

    def add(self, error: DataError, items: Sequence[str] = ()) -> None:
        """Raise a problem, or keep it."""
        if not self.gather:
            raise error
        self.found.append(Problem(str(error), tuple(items), True))

    def warn(self, message: str, items: Sequence[str] = ()) -> None:
        """Log what was ignored, guessed or replaced, or keep it."""
        if not self.gather:
            print_log(message, logger='current', level=logging.WARNING)
        else:
            self.found.append(Problem(message, tuple(items), False))
