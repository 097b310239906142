"""Sides that take turns, each in a process of its own, as users run them: what one leaves in memory meets no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

from .alternating import Seconds, alternate, median_seconds, time_run
from .own_process import own_process

#: What a fresh process calls once. It returns what is run, and timed, in each turn.
Build = Callable[[], Callable[[], Any]]


def take_turns_apart(sides: Mapping[str, Build], rounds: int) -> dict[str, Seconds]:
    """Median seconds of each side, in alternating rounds after one to warm up.

    All processes live until the last round is over. One works at a time.

    Args:
        sides: Name -> see :data:`Build`; pickled, so a function of a module or a ``functools.partial`` of one.
        rounds: Rounds that count.

    Raises:
        UserError: A process died, e.g. for want of memory.
        Exception: What a side raised.
    """
    with ExitStack() as processes:
        runs = {
            name: processes.enter_context(own_process(name, partial(_timed, build))) for name, build in sides.items()
        }
        return {name: median_seconds(seconds) for name, seconds in alternate(runs, rounds).items()}


def _timed(build: Build) -> Callable[[], Seconds]:
    return partial(time_run, build())
