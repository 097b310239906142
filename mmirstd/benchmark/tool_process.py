"""Run one of mmirstd's commands as a process, keep its output, end it in an orderly way."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmirstd.utils.commands import python_path

from .failure import error_line, status_in_words

#: How long a command may take to end after SIGTERM.
STOP_AFTER_S = 60
TAIL_LINES = 25


class JobFailed(Exception):
    """A run cannot be done; the message holds the tail of its log.

    Args:
        message: For the user.
        reason: The same in one line.
        log: The log.
    """

    def __init__(self, message: str, reason: str | None = None, log: Path | None = None) -> None:
        super().__init__(message)
        self.reason = reason or message.splitlines()[0]
        self.log = log


class Stopped(Exception):
    """The benchmark is being ended."""


def run_tool_process(
    program: Sequence[str],
    words: Sequence[str],
    folder: Path,
    log: Path,
    stop: threading.Event,
    environment: Mapping[str, str],
    lock: int | None = None,
    watch: Callable[[float, int | None], None] | None = None,
    interval_s: float = 15.0,
) -> None:
    """Run a command until it ends or ``stop`` is set.

    Args:
        program: What runs a command.
        words: The command and its arguments.
        folder: Where it runs.
        log: Takes its output; appended to.
        stop: See above.
        environment: Variables beside those of this process.
        lock: File descriptor that the command keeps open, so that the lock lives as long as it does.
        watch: Is told the seconds and the status (None: it runs) now and then and at the end.
        interval_s: How often, in seconds.

    Raises:
        JobFailed: Its status is not 0.
        Stopped: ``stop`` was set, and the command had not come to its end.
    """
    environ = {**os.environ, 'PYTHONPATH': python_path(), 'PYTHONUNBUFFERED': '1', **environment}
    start = told = time.time()
    with log.open('a', encoding='utf-8') as stream:
        stream.write(f'$ {shlex.join(["mmirstd", *words])}\n')
        stream.flush()
        begin = stream.tell()
        if stop.is_set():
            raise Stopped
        process = subprocess.Popen(
            [*program, *words],
            cwd=folder,
            env=environ,
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            pass_fds=() if lock is None else (lock,),
            start_new_session=True,
        )  # Ctrl-C reaches us alone, and we end the command in an orderly way
    try:
        while True:
            if watch is not None and (process.returncode is not None or time.time() - told > interval_s):
                told = time.time()
                watch(told - start, process.returncode)
            if process.returncode is not None:
                break
            if stop.is_set():
                end_process(process)
                continue
            try:
                process.wait(timeout=min(0.5, interval_s))
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            end_process(process)
    if stop.is_set() and process.returncode != 0:
        raise Stopped
    if process.returncode != 0:
        with log.open('rb') as written:
            written.seek(begin)
            output = written.read().decode('utf-8', 'replace')
        ended = status_in_words(process.returncode)
        reason = error_line(output) if process.returncode > 0 else ended
        raise JobFailed(
            f'{log.parent.name}: mmirstd {words[0]} {ended}: {reason}\n  log: {log}\n  its end:\n'
            + tail(log, TAIL_LINES),
            reason,
            log,
        )


def end_process(process: subprocess.Popen) -> None:
    """SIGTERM, on which a training says how to continue; after a while SIGKILL for all its processes.

    Args:
        process: Started with ``start_new_session``.
    """
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_AFTER_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tail(file: Path, lines: int) -> str:
    """The last lines of a log, or of its last 400 bytes a line; empty if there is no such file."""
    if not file.is_file():
        return ''
    with file.open('rb') as stream:
        stream.seek(max(0, file.stat().st_size - 400 * lines))
        return '\n'.join(stream.read().decode('utf-8', 'replace').splitlines()[-lines:])
