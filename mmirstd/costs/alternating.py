"""Sides that take turns, so that what else the machine does meets all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any, NamedTuple, TypeVar

from mmirstd.compat.hardware import read_cpu

from .energy import EnergyCounter

T = TypeVar('T')


class Seconds(NamedTuple):
    """What a side takes.

    Attributes:
        cpu: CPU time of all threads: what it costs, whoever else uses the machine.
        wall: Time that passes.
    """

    cpu: float
    wall: float


class Turn(NamedTuple):
    """One run of a side.

    Attributes:
        seconds: What it took.
        joules: Energy of the whole package meanwhile; None where the machine does not tell.
    """

    seconds: Seconds
    joules: float | None


def alternate(sides: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What every run of each side returns, in alternating rounds after one to warm up.

    Args:
        sides: Name -> what to run.
        rounds: Rounds that count.
    """
    results: dict[str, list[T]] = {name: [] for name in sides}
    for step in range(rounds + 1):
        for name in list(sides) if step % 2 else list(sides)[::-1]:
            result = sides[name]()
            if step:
                results[name].append(result)
    return results


def time_run(run: Callable[[], Any]) -> Seconds:
    """What one run takes this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return Seconds(time.process_time() - cpu, time.perf_counter() - wall)


def time_turns(
    sides: Mapping[str, Callable[[], Any]], rounds: int, energy: EnergyCounter | None = None
) -> dict[str, list[Turn]]:
    """Every run of each side, in alternating rounds after one to warm up.

    Args:
        sides: Name -> what to run.
        rounds: Rounds that count.
        energy: Read before and after each run.
    """

    def turn(run: Callable[[], Any]) -> Turn:
        before = energy.read() if energy else None
        seconds = time_run(run)
        return Turn(seconds, energy.between(before, energy.read()) if energy else None)

    return alternate({name: partial(turn, run) for name, run in sides.items()}, rounds)


def median_seconds(runs: Sequence[Seconds]) -> Seconds:
    """The median of each."""
    return Seconds(median(run.cpu for run in runs), median(run.wall for run in runs))


def take_turns(sides: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, Seconds]:
    """Median seconds of each side, see :func:`time_turns`."""
    runs = alternate({name: partial(time_run, run) for name, run in sides.items()}, rounds)
    return {name: median_seconds(seconds) for name, seconds in runs.items()}


def describe_cpu() -> str:
    """The CPU, its features and what limits them, in one line."""
    cpu = read_cpu()
    limits = f', limited by {", ".join(cpu.limits)} (which ONNX Runtime does not heed)' if cpu.limits else ''
    return f'{cpu.name}: {", ".join(cpu.features or ("features not known",))}{limits}'
