"""Sides that take turns, each in a process of its own, as users run them: what one leaves in memory meets no other."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from mmirstd.utils.errors import UserError

from .alternating import Seconds, alternate, median_seconds, time_run

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
        runs = {name: processes.enter_context(_own_process(name, build)) for name, build in sides.items()}
        return {name: median_seconds(seconds) for name, seconds in alternate(runs, rounds).items()}


@contextmanager
def _own_process(name: str, build: Build) -> Iterator[Callable[[], Seconds]]:
    context: Any = multiprocessing.get_context('spawn')
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, build), daemon=True)
    process.start()
    theirs.close()

    def run() -> Seconds:
        try:
            ours.send(True)
            good, value = ours.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            process.join()
            raise UserError(
                f'{name} ended without a result', found=f'exit status {process.exitcode}', expected='a result'
            ) from None
        if not good:
            raise value
        return value

    try:
        yield run
    finally:
        ours.close()
        process.join()


def _serve(connection: Any, build: Build) -> None:
    run: Callable[[], Any] | None = None
    while True:
        try:
            connection.recv()
        except EOFError:
            return
        try:
            run = run or build()
            connection.send((True, time_run(run)))
        except Exception as error:
            connection.send((False, error))
