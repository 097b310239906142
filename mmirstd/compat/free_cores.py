"""How much of the cores granted to us other processes leave free."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .hardware import available_cores, cgroup_limits

#: Times of a CPU in ``/proc/stat`` that count: user, nice, system, idle, iowait, irq, softirq, steal; those of guests,
#: which follow, are in user's already.
_TIMES = 8
_IDLE, _IOWAIT = 3, 4


@dataclass(frozen=True)
class Sources:
    """Where the load is read; the defaults are the system's, tests give their own.

    Attributes:
        stat: Linux' times of each CPU.
        cgroups: Root of the cgroups, and the file that names ours.
        sleep: Waits between the two readings.
    """

    stat: Path = Path('/proc/stat')
    cgroups: tuple[Path, Path] = (Path('/sys/fs/cgroup'), Path('/proc/self/cgroup'))
    sleep: Callable[[float], None] = time.sleep


def free_cores(seconds: float = 0.3, sources: Sources = Sources()) -> float:
    """Cores that other processes leave us, in 0 to :func:`~mmirstd.compat.hardware.available_cores`.

    On Linux it is measured for a moment: how long the CPUs that we may use were not idle (waiting for a disk is idle;
    what a hypervisor took is not), and how much of a container's quota was used.  The load average lags by minutes, and
    counts our own start; elsewhere it is all there is.  On Windows there is nothing, and all cores count as free.

    Args:
        seconds: Duration of the measurement.
        sources: Where to read.
    """
    cores = available_cores()
    before = _read_cpus(sources.stat)
    if before is None:
        with suppress(AttributeError, OSError):  # no load average on Windows
            # The smaller one: what has just ended, or has just begun, keeps no core busy.
            return max(0.0, cores - min(os.getloadavg()[:2]))
        return float(cores)
    limits = cgroup_limits(*sources.cgroups)
    used_before = [_cgroup_seconds(folder) for folder, _ in limits]
    own, start = time.process_time(), time.perf_counter()
    sources.sleep(seconds)
    after = _read_cpus(sources.stat) or before
    elapsed = max(time.perf_counter() - start, seconds)
    own = (time.process_time() - own) / elapsed
    busy = max(0.0, sum(_busy_share(before[cpu], after[cpu]) for cpu in before.keys() & after.keys()) - own)
    free = [cores, len(before) - busy]
    for (folder, quota), used in zip(limits, used_before):
        used_after = _cgroup_seconds(folder)
        if used is not None and used_after is not None:
            free.append(quota - max(0.0, (used_after - used) / elapsed - own))
    return max(0.0, min(free))


def _read_cpus(stat: Path) -> dict[int, list[int]] | None:
    """Times of each CPU that we may use; None where the system has no such file."""
    try:
        lines = stat.read_text().splitlines()
        allowed = os.sched_getaffinity(0)
    except (OSError, AttributeError):
        return None
    found = {}
    for line in lines:
        name, *times = line.split()
        if name.startswith('cpu') and name[3:].isdecimal() and int(name[3:]) in allowed:
            found[int(name[3:])] = [int(value) for value in times[:_TIMES]]
    return found or None


def _busy_share(before: list[int], after: list[int]) -> float:
    passed = [late - early for early, late in zip(before, after)]
    total = sum(passed)
    return 1 - (passed[_IDLE] + passed[_IOWAIT]) / total if total > 0 else 0.0


def _cgroup_seconds(folder: Path) -> float | None:
    """CPU seconds that a cgroup (v2) has used."""
    with suppress(OSError, ValueError):
        for line in (folder / 'cpu.stat').read_text().splitlines():
            name, _, value = line.partition(' ')
            if name == 'usage_usec':
                return int(value) / 1e6
    return None
