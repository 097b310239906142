"""Peak memory of work that a process of its own does."""

from __future__ import annotations

import multiprocessing
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import UserError

MIB = 1 << 20


def peak_memory() -> int | None:
    """Bytes that this process held at most; None where the system does not tell."""
    # Linux's ru_maxrss would begin with the peak of the process that started this one
    try:
        found = re.search(r'^VmHWM:\s*(\d+) kB', Path('/proc/self/status').read_text(), re.MULTILINE)
        if found:
            return int(found.group(1)) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)


def run_alone(work: Callable[..., Any], *arguments: Any, preload: Sequence[str] = ()) -> Any:
    """What a function returns in a fresh process, which imports only what the function needs.

    Args:
        work: A function of a module; its module is imported there.
        arguments: Of it.
        preload: Modules that a helper process imports once, from which this and later processes are forked, where the
            system can do that. It saves seconds each. Pages of libraries that a forked process never touches do not
            count as its memory.

    Raises:
        UserError: The process died, e.g. for want of memory.
        Exception: What the function raised.
    """
    context: Any = multiprocessing.get_context('spawn')
    if preload and 'forkserver' in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context('forkserver')
        context.set_forkserver_preload(list(preload))  # heeded by the first such process
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(theirs, work, arguments))
    process.start()
    theirs.close()
    try:
        good, value = ours.recv()
    except EOFError:
        process.join()
        raise UserError(
            f'{work.__name__} ended without a result', found=f'exit status {process.exitcode}', expected='a result'
        ) from None
    finally:
        ours.close()
    process.join()
    if not good:
        raise value
    return value


def _send(connection: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        connection.send((True, work(*arguments)))
    except Exception as error:
        connection.send((False, error))
