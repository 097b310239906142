"""Sides that take turns, so that what else the machine does meets all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, NamedTuple

from mmirstd.compat.hardware import read_cpu

from .energy import EnergyCounter


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


def time_turns(
    sides: Mapping[str, Callable[[], Any]], rounds: int, energy: EnergyCounter | None = None
) -> dict[str, list[Turn]]:
    """Every run of each side, in alternating rounds after one to warm up.

    Args:
        sides: Name -> what to run.
        rounds: Rounds that count.
        energy: Read before and after each run.
    """
    turns: dict[str, list[Turn]] = {name: [] for name in sides}
    for step in range(rounds + 1):
        for name in list(sides) if step % 2 else list(sides)[::-1]:
            before = energy.read() if energy else None
            cpu, wall = time.process_time(), time.perf_counter()
            sides[name]()
            seconds = Seconds(time.process_time() - cpu, time.perf_counter() - wall)
            after = energy.read() if energy else None
            if step:
                turns[name].append(Turn(seconds, energy.between(before, after) if energy else None))
    return turns


def take_turns(sides: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, Seconds]:
    """Median seconds of each side, see :func:`time_turns`."""
    return {
        name: Seconds(median(turn.seconds.cpu for turn in turns), median(turn.seconds.wall for turn in turns))
        for name, turns in time_turns(sides, rounds).items()
    }


def describe_cpu() -> str:
    """The CPU, its features and what limits them, in one line."""
    cpu = read_cpu()
    limits = f', limited by {", ".join(cpu.limits)} (which ONNX Runtime does not heed)' if cpu.limits else ''
    return f'{cpu.name}: {", ".join(cpu.features or ("features not known",))}{limits}'
