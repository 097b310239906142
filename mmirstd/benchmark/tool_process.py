"""Run one of the repository's tools, keep its output, end it in an orderly way."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

#: How long a tool may take to end after SIGTERM.
STOP_AFTER_S = 60
TAIL_LINES = 25


class JobFailed(Exception):
    """A tool failed; the message holds the tail of its log."""


class Stopped(Exception):
    """The benchmark is being ended."""


def run_tool_process(
    command: Sequence[str],
    root: Path,
    log: Path,
    stop: threading.Event,
    threads: int,
    lock: int,
    watch: Callable[[float, int | None], None] | None = None,
) -> None:
    """Run a tool until it ends or ``stop`` is set.

    Args:
        command: Arguments after ``python``.
        root: The repository, where it runs.
        log: Takes its output; appended to.
        stop: See above.
        threads: OpenMP threads.
        lock: File descriptor that the tool keeps open, so that the lock lives as long as it does.
        watch: Is told the seconds and the status (None: it runs) every 15 seconds and at the end.

    Raises:
        JobFailed: Its status is not 0.
        Stopped: ``stop`` was set, and the tool had not come to its end.
    """
    environ = {**os.environ, 'OMP_NUM_THREADS': str(threads), 'MKL_NUM_THREADS': str(threads), 'PYTHONUNBUFFERED': '1'}
    start = told = time.time()
    with log.open('a', encoding='utf-8') as stream:
        stream.write(f'$ {shlex.join(["python", *command])}\n')
        stream.flush()
        if stop.is_set():
            raise Stopped
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=root,
            env=environ,
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,
        )  # Ctrl-C reaches us alone, and we end the tool in an orderly way
    try:
        while True:
            if watch is not None and (process.returncode is not None or time.time() - told > 15):
                told = time.time()
                watch(told - start, process.returncode)
            if process.returncode is not None:
                break
            if stop.is_set():
                _end(process)
                continue
            try:
                process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            _end(process)
    if stop.is_set() and process.returncode != 0:
        raise Stopped
    if process.returncode != 0:
        raise JobFailed(
            f'{log.parent.name}: {command[0]} ended with status {process.returncode}; the end of {log}:\n'
            + tail(log, TAIL_LINES)
        )


def _end(process: subprocess.Popen) -> None:
    """SIGTERM, on which tools/train.py says how to continue; after a while SIGKILL for all its processes."""
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
