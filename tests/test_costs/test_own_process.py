"""Work in a process of its own."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from mmirstd.costs.own_process import own_process, run_alone
from mmirstd.utils.errors import UserError


def work(what: str) -> None:
    if what == 'die':
        os._exit(9)
    raise ValueError(what)


class Counter:
    """Counts its runs."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self) -> tuple[int, int]:
        self.runs += 1
        return self.runs, os.getpid()


def test_it_is_built_once_and_ends_with_the_context() -> None:
    with own_process('counter', Counter) as run:
        found = [run() for _ in range(3)]
    assert [runs for runs, _ in found] == [1, 2, 3]
    assert len({process for _, process in found} - {os.getpid()}) == 1
    assert multiprocessing.active_children() == []


def test_errors_and_deaths_are_told() -> None:
    with pytest.raises(ValueError, match='wrong'):
        run_alone(work, 'wrong')
    with pytest.raises(UserError, match='found exit status 9, expected a result'):
        run_alone(work, 'die')
