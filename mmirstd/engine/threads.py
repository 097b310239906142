"""How many threads each part of a run may use, so that they do not fight over the cores.

Two processes with two OpenMP threads each on two cores were measured 10 to 20
times slower than with one thread each.  So the cores that other processes leave free are divided between
a run's local ranks; OpenCV gets none of its own; data-loader workers have one
thread each (torch's own rule) and are limited in number (:func:`most_workers`).

Run as a script, this file needs nothing but Python::

    python mmirstd/engine/threads.py --ranks 2     # prints the threads for each of 2 processes
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == '__main__':
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from mmirstd.compat.free_cores import free_cores
from mmirstd.compat.hardware import available_cores

_LOCAL_SIZE_VARIABLES = ('LOCAL_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_SIZE', 'SLURM_NTASKS_PER_NODE')


@dataclass(frozen=True)
class ThreadPlan:
    """What a process may use.

    Attributes:
        cores: Cores this machine grants us, at least 1.
        local_ranks: Processes of this run on this machine.
        threads: torch intra-op (OpenMP) threads of this process.
        source: Why: ``'cores / local ranks'`` or the environment variable that was respected.
        busy: Cores that other processes keep busy, left to them.
    """

    cores: int
    local_ranks: int
    threads: int
    source: str
    busy: int = 0

    @property
    def cores_per_rank(self) -> int:
        """int: Cores for one process, at least 1."""
        return max(1, (self.cores - self.busy) // self.local_ranks)

    def __str__(self) -> str:
        line = (
            f'threads: {self.threads} for torch in each of {self.local_ranks} process(es) on {self.cores} '
            f'core(s) [{self.source}], OpenCV 1, each data-loader worker 1'
        )
        if self.busy:
            line += (
                f'; other processes keep {self.busy} core(s) busy, and threads that share a core with them were '
                'measured 10 to 20 times slower (OMP_NUM_THREADS settles it otherwise)'
            )
        return line


def plan_threads(
    local_ranks: int | None = None,
    environ: MutableMapping[str, str] | None = None,
    cores: int | None = None,
    free: Callable[[], float] = free_cores,
) -> ThreadPlan:
    """Choose the thread count of this process; the user's ``OMP_NUM_THREADS`` is respected.

    Args:
        local_ranks: Processes of the run on this machine; read from the launcher's
            environment by default.
        environ: Defaults to ``os.environ``.
        cores: Defaults to :func:`available_cores`.
        free: Tells how many of them other processes leave free.  It is not asked where that changes
            nothing, nor by one of several ranks, which would take the others for strangers.

    Returns:
        The choice; at least one thread.
    """
    environ = os.environ if environ is None else environ
    cores = available_cores() if cores is None else cores
    started = 1
    if local_ranks is None:
        given = [environ[v] for v in _LOCAL_SIZE_VARIABLES if environ.get(v, '').isdigit()]
        local_ranks = started = max(1, int(given[0])) if given else 1
    asked = environ.get('OMP_NUM_THREADS', '').split(',')[0]
    if asked.isdigit() and int(asked) > 0:
        return ThreadPlan(cores, local_ranks, int(asked), 'OMP_NUM_THREADS')
    # Half a core's load counts as a busy core: the threads of one step wait for the slowest.
    usable = max(1, int(free() + 0.5)) if cores > 1 and started == 1 else cores
    busy = max(0, cores - usable)
    source = 'free cores / local ranks' if busy else 'cores / local ranks'
    return ThreadPlan(cores, local_ranks, max(1, (cores - busy) // local_ranks), source, busy)


def apply_threads(plan: ThreadPlan, environ: MutableMapping[str, str] | None = None) -> None:
    """Put a plan into force in this process and, through the environment, in its children.

    Call it before the first tensor operation, when no thread pool exists yet.
    Variables that the user has set keep their values.
    """
    apply_threads_without_torch(plan, environ)
    import torch

    torch.set_num_threads(plan.threads)


def apply_threads_without_torch(plan: ThreadPlan, environ: MutableMapping[str, str] | None = None) -> None:
    """As :func:`apply_threads`, for a process that does not load PyTorch."""
    environ = os.environ if environ is None else environ
    for variable in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
        environ.setdefault(variable, str(plan.threads))
    environ.setdefault('OPENCV_FOR_THREADS_NUM', '1')
    import cv2

    cv2.setNumThreads(0)


def most_workers(plan: ThreadPlan, on_cpu: bool) -> int:
    """How many data-loader workers help.

    Beside a GPU: one for each core of the process.  On CPU the network itself
    keeps all cores busy, and a worker only takes one away: a training sample of
    NUAA-SIRST from the RAM cache was measured at 0.6 ms, a training step of the tiny
    GGL-Net on eight of them at 1.5 s (one core, bfloat16).  So none up to two
    cores, then a quarter of them, for data sets that are slower to read.
    """
    if not on_cpu:
        return plan.cores_per_rank
    return 0 if plan.cores_per_rank <= 2 else max(1, plan.cores_per_rank // 4)


def limit_workers(cfg: Any, plan: ThreadPlan, on_cpu: bool) -> list[str]:
    """Limit the data-loader workers of a config to what this machine can use, in place.

    Args:
        cfg: Its ``{train,val,test}_dataloader.num_workers`` are changed.
        plan: From :func:`plan_threads`.
        on_cpu: The network runs on CPU, too.

    Returns:
        One line for each change, to be logged.
    """
    limit = most_workers(plan, on_cpu)
    notes = []
    for split in ('train', 'val', 'test'):
        loader = cfg.get(f'{split}_dataloader')
        if not isinstance(loader, dict):
            continue
        asked = loader.get('num_workers', 0)
        if asked > limit:
            loader['num_workers'] = limit
            notes.append(
                f'{split}_dataloader.num_workers: {asked} -> {limit} (network on '
                f'{"CPU" if on_cpu else "GPU"}, {plan.cores_per_rank} core(s) for this process)'
            )
        if loader.get('num_workers', 0) == 0:
            # torch refuses both without workers, though they are harmless in a config made for many cores
            loader['persistent_workers'] = False
            loader.pop('prefetch_factor', None)
    return notes


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description='Print the thread count for each of N processes on this machine.')
    parser.add_argument('--ranks', type=int, default=1)
    chosen = plan_threads(parser.parse_args().ranks)
    if chosen.busy:
        print(chosen, file=sys.stderr)
    print(chosen.threads)
