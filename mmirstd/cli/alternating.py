"""Sides that take turns, so that what else the machine does meets all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, NamedTuple

from mmirstd.compat.hardware import read_cpu


class Seconds(NamedTuple):
    """What a side takes.

    Attributes:
        cpu: CPU time of all threads: what it costs, whoever else uses the machine.
        wall: Time that passes.
    """

    cpu: float
    wall: float


def take_turns(sides: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, Seconds]:
    """Median seconds of each side, in alternating rounds after one to warm up.

    Args:
        sides: Name -> what to run.
        rounds: Rounds that count.
    """
    times: dict[str, list[Seconds]] = {name: [] for name in sides}
    for step in range(rounds + 1):
        for name in list(sides) if step % 2 else list(sides)[::-1]:
            cpu, wall = time.process_time(), time.perf_counter()
            sides[name]()
            if step:
                times[name].append(Seconds(time.process_time() - cpu, time.perf_counter() - wall))
    return {name: Seconds(median(t.cpu for t in found), median(t.wall for t in found)) for name, found in times.items()}


def describe_cpu() -> str:
    """The CPU, its features and what limits them, in one line."""
    cpu = read_cpu()
    limits = f', limited by {", ".join(cpu.limits)} (which ONNX Runtime does not heed)' if cpu.limits else ''
    return f'{cpu.name}: {", ".join(cpu.features or ("features not known",))}{limits}'
