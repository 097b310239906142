"""A benchmark that ends at a given time, with whole seeds as far as the time goes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from .estimate import side_by_side

#: For the tables, after the last run.
_CLOSING_S = 5.0
#: A run may take longer than the same run with another seed by this factor, and its tests likewise.
_SLOWER = 1.15
#: Of the time of a run, until its tests were timed.
_TEST_SHARE = 0.25
#: A training gets at least this part of the time of its run, however long tests take.
_LEAST_TRAINING = 0.25


class Timed(Protocol):
    """What of a job matters here.

    Attributes:
        seed: Its seed; the runs of one seed are compared with each other, so they should all be made or none.
        test_s: Seconds that its tests took; None: they were not made.
    """

    seed: int
    test_s: float | None

    @property
    def run_name(self) -> str:
        """Of the run, whatever the seed."""


class TimeBudget:
    """Says when a job may begin, and how long its training may take.

    All runs of the first seed get the same time, so that they are all made, on however slow a machine. A training
    that needs less ends earlier, as always. Another seed begins when the time that its runs took before says that all
    of them will end in time.

    Args:
        minutes: For all, from the start of the process.
        test_minutes: Kept for the tests of each run; None: a quarter of a run's time, and what tests took once some
            were made.
        spent_s: Seconds that have passed already.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        minutes: float,
        test_minutes: float | None = None,
        spent_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.minutes = minutes
        self._clock = clock
        self._end = clock() - spent_s + 60.0 * minutes - _CLOSING_S
        self._test_s = None if test_minutes is None else 60.0 * test_minutes
        self._share: dict[int, float] = {}  # of each seed that has begun: seconds of a run
        self._began: dict[str, float] = {}  # by run and seed
        self._took: dict[str, float] = {}  # by run
        self._tests_took: list[float] = []

    def left(self) -> float:
        """Seconds until all should have ended."""
        return self._end - self._clock()

    def training_seconds(self, job: Timed, waiting: Sequence[Timed], running: Sequence[Timed], slots: int) -> float:
        """How long the training of a job may take that begins now.

        Args:
            job: One of those that wait.
            waiting: All that have not begun, with the job.
            running: Those that run.
            slots: How many run side by side.

        Returns:
            Seconds; 0: there is no time for it; NaN: that is not known before one that runs has ended.
        """
        left = self.left()
        if left <= 0:
            return 0.0
        if job.seed not in self._share:
            seed = [other for other in waiting if other.seed == job.seed]
            if self._share:
                if any(other.run_name not in self._took for other in seed):
                    return math.nan if running else 0.0
                took = side_by_side([self._took[other.run_name] for other in seed], slots)
                if _SLOWER * (took + max((self._rest(other) for other in running), default=0.0)) > left:
                    return 0.0
            self._share[job.seed] = left / math.ceil(len(seed) / slots)
        self._began[_key(job)] = self._clock()
        seconds = min(self._share[job.seed], left)
        tests = self._test_s if self._test_s is not None else _TEST_SHARE * seconds
        if self._test_s is None and self._tests_took:
            tests = _SLOWER * max(self._tests_took)
        return max(seconds - tests, _LEAST_TRAINING * seconds)

    def ended(self, job: Timed) -> None:
        """A job has ended, in whatever way."""
        self._took[job.run_name] = max(self._took.get(job.run_name, 0.0), self._clock() - self._began[_key(job)])
        if job.test_s is not None:
            self._tests_took.append(job.test_s)

    def _rest(self, job: Timed) -> float:
        return max(0.0, self._took.get(job.run_name, math.inf) - (self._clock() - self._began[_key(job)]))


def _key(job: Timed) -> str:
    return f'{job.run_name}_{job.seed}'
