from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from mmirstd.benchmark import JobFailed, Stopped
from mmirstd.benchmark.tool_process import run_tool_process, tail


def run(tmp_path: Path, code: str, stop: threading.Event | None = None, watch=None) -> None:
    lock = os.open(tmp_path, os.O_RDONLY)
    try:
        run_tool_process(
            [sys.executable],
            ['-c', code],
            tmp_path,
            tmp_path / 'log',
            stop or threading.Event(),
            {'OMP_NUM_THREADS': '1'},
            lock,
            watch,
        )
    finally:
        os.close(lock)


def test_output_threads_and_status(tmp_path: Path) -> None:
    told = []
    run(tmp_path, 'import os; print(os.environ["OMP_NUM_THREADS"], os.getcwd())', watch=lambda *seen: told.append(seen))
    run(tmp_path, 'print("again")')
    lines = (tmp_path / 'log').read_text().splitlines()
    assert lines[0].startswith('$ mmirstd -c ')
    assert lines[1] == f'1 {tmp_path}'
    assert lines[-1] == 'again'
    ((seconds, status),) = told
    assert status == 0
    assert 0 < seconds < 15


def test_a_failure_shows_the_end_of_the_log(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match=r'(?s)ended with status 3: no memory\n  log: .*log\n.*line 49\n.*no memory'):
        run(tmp_path, '[print("line", k) for k in range(50)]; import sys; print("no memory"); sys.exit(3)')


def test_stop_ends_it(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        run(tmp_path, 'print("never begun")', stop)
    assert len((tmp_path / 'log').read_text().splitlines()) == 1  # the command alone
    stop.clear()
    threading.Timer(0.5, stop.set).start()
    start = time.time()
    with pytest.raises(Stopped):
        run(tmp_path, 'import time; time.sleep(60)', stop)
    assert time.time() - start < 30


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert tail(tmp_path / 'none', 3) == ''
