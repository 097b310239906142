"""Work in a process of its own, which imports only what the work needs."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from mmirstd.utils.errors import UserError


def run_alone(work: Callable[..., Any], *arguments: Any, preload: Sequence[str] = ()) -> Any:
    """What a function returns in a fresh process.

    Args:
        work: A function of a module; its module is imported there.
        arguments: Of it.
        preload: See :func:`own_process`.

    Raises:
        UserError: The process died, e.g. for want of memory.
        Exception: What the function raised.
    """
    with own_process(work.__name__, partial(partial, work, *arguments), preload) as run:
        return run()


@contextmanager
def own_process(
    name: str, build: Callable[[], Callable[[], Any]], preload: Sequence[str] = ()
) -> Iterator[Callable[[], Any]]:
    """A fresh process that runs a function as often as it is asked, and lives as long as the context.

    Args:
        name: Of the work, for messages.
        build: Called there once, with the first run. It returns what is run. Pickled, so a function of a module or a
            ``functools.partial`` of one.
        preload: Modules that a helper process imports once, from which this and later processes are forked, where the
            system can do that. It saves seconds each. Pages of libraries that a forked process never touches do not
            count as its memory.

    Yields:
        A function that runs it there and returns what it returned. It raises what it raised, or a UserError where the
        process died.
    """
    context: Any = multiprocessing.get_context('spawn')
    if preload and 'forkserver' in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context('forkserver')
        context.set_forkserver_preload(list(preload))  # heeded by the first such process
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, build))
    process.start()
    theirs.close()

    def run() -> Any:
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


def _serve(connection: Any, build: Callable[[], Callable[[], Any]]) -> None:
    run: Callable[[], Any] | None = None
    while True:
        try:
            connection.recv()
        except EOFError:
            return
        try:
            run = run or build()
            connection.send((True, run()))
        except Exception as error:
            connection.send((False, error))
