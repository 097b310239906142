"""The load of machines that are written down in files, and of a process that really runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mmirstd.compat import free_cores as load
from mmirstd.compat.free_cores import Sources, free_cores


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of two CPUs that we may use, and a third; gives a function that measures it."""
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: {0, 1}, raising=False)
    monkeypatch.setattr(load, 'available_cores', lambda: 2)
    # what the test itself takes is no part of the story
    monkeypatch.setattr(load.time, 'process_time', lambda: 0.0)
    monkeypatch.setattr(load.time, 'perf_counter', lambda: 0.0)

    def write(times: list[list[int]]) -> None:
        lines = [f'cpu{index} {" ".join(map(str, values))} 0 0' for index, values in enumerate(times)]
        (tmp_path / 'stat').write_text('cpu  9 9 9 9 9 9 9 9 9 9\n' + '\n'.join(lines) + '\nintr 12 0\nctxt 5\n')

    def measure(*passed: list[int], quota: str = 'max 100000', used: float = 0.0) -> float:
        start = [[100] * 8 for _ in passed]
        write(start)
        (tmp_path / 'cpu.max').write_text(quota)
        (tmp_path / 'cpu.stat').write_text('usage_usec 1000\nuser_usec 1000\n')

        def sleep(seconds: float) -> None:
            write([[early + late for early, late in zip(*pair)] for pair in zip(start, passed)])
            (tmp_path / 'cpu.stat').write_text(f'usage_usec {1000 + round(used * seconds * 1e6)}\n')

        return free_cores(0.5, Sources(tmp_path / 'stat', (tmp_path, tmp_path / 'none'), sleep))

    return measure


#                user nice system idle iowait irq softirq steal
IDLE = [0, 0, 0, 50, 0, 0, 0, 0]
BUSY = [40, 0, 10, 0, 0, 0, 0, 0]
HALF_NICE = [0, 25, 0, 25, 0, 0, 0, 0]
WAITS_FOR_DISK = [0, 0, 0, 0, 50, 0, 0, 0]
STOLEN = [0, 0, 0, 0, 0, 0, 0, 50]


@pytest.mark.parametrize(
    ('cpus', 'free'),
    [
        ([IDLE, IDLE, IDLE], 2.0),
        ([BUSY, IDLE, IDLE], 1.0),
        ([IDLE, BUSY, BUSY], 1.0),  # the third one is not ours
        ([BUSY, BUSY, IDLE], 0.0),
        ([HALF_NICE, IDLE, IDLE], 1.5),
        ([WAITS_FOR_DISK, WAITS_FOR_DISK, IDLE], 2.0),
        ([STOLEN, IDLE, IDLE], 1.0),
        ([[0] * 8, IDLE, IDLE], 2.0),  # no tick has passed
    ],
)
def test_idle_cpus_are_free(machine, cpus, free):
    assert machine(*cpus) == pytest.approx(free)


@pytest.mark.parametrize(
    ('quota', 'used', 'free'),
    [
        ('150000 100000', 0.0, 1.5),
        ('150000 100000', 1.2, 0.3),
        ('100000 100000', 2.0, 0.0),
        ('800000 100000', 1.0, 2.0),
    ],
)
def test_the_rest_of_a_quota_is_free(machine, quota, used, free):
    assert machine(IDLE, IDLE, quota=quota, used=used) == pytest.approx(free)


def test_what_we_use_ourselves_is_no_load(machine, monkeypatch):
    spent = iter((0.0, 0.25))  # half of the half second
    monkeypatch.setattr(load.time, 'process_time', lambda: next(spent))
    assert machine(HALF_NICE, IDLE) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ('averages', 'free'), [((1.0, 3.0, 9.0), 3.0), ((3.0, 1.0, 0.0), 3.0), ((9.0, 9.0, 9.0), 0.0), (None, 4.0)]
)
def test_the_load_average_elsewhere(tmp_path, monkeypatch, averages, free):
    monkeypatch.setattr(load, 'available_cores', lambda: 4)
    if averages is None:
        monkeypatch.delattr(os, 'getloadavg', raising=False)  # Windows
    else:
        monkeypatch.setattr(os, 'getloadavg', lambda: averages, raising=False)
    assert free_cores(sources=Sources(tmp_path / 'missing')) == free


@pytest.mark.skipif(not os.path.exists('/proc/stat'), reason='measured on Linux alone')
def test_a_busy_process_is_seen():
    cpu = min(os.sched_getaffinity(0))
    allowed = os.sched_getaffinity(0)
    process = subprocess.Popen([sys.executable, '-c', 'while True: pass'])
    try:
        # Both on one CPU, so that the machine's other load does not count.
        os.sched_setaffinity(process.pid, {cpu})
        os.sched_setaffinity(0, {cpu})
        assert free_cores(0.3) < 0.5
    finally:
        os.sched_setaffinity(0, allowed)
        process.kill()
        process.wait()
