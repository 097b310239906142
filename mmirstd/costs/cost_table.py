"""Costs of one network in each backend: measured, as a table, as a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

import numpy as np

from mmirstd.utils.result_table import ResultColumn, ResultRow, ResultTable

from .alternating import Turn, describe_cpu, time_turns
from .backend_sides import BackendSide
from .energy import EnergyCounter
from .memory import MIB


@dataclass(frozen=True)
class BackendCost:
    """What an image, or a frame of a sequence, costs in one backend.

    Attributes:
        ms: Median milliseconds.
        ms_p95: 95th percentile.
        wall_ms: Median milliseconds that passed.
        speedup: Median of the first side over ``ms``.
        mib: Peak memory of a process that does only this, in MiB; None: not measured.
        joules: Of an image, of the whole CPU package; None where the machine does not tell.
        difference: Largest difference of a probability from the first side's; of a detector, of its highest score.
            None: it found no box.
    """

    ms: float
    ms_p95: float
    wall_ms: float
    speedup: float
    mib: float | None
    joules: float | None
    difference: float | None

    @property
    def per_second(self) -> float:
        """Images a second."""
        return 1000 / self.ms


def measure_costs(
    sides: Mapping[str, BackendSide], rounds: int, cpu_time: bool, memory: bool = True
) -> dict[str, BackendCost]:
    """Let the sides take turns; then run each in a process of its own for its memory.

    Args:
        sides: Name -> side; the others are compared with the first.
        rounds: See :func:`.alternating.time_turns`.
        cpu_time: Count CPU time: with one thread it is what the work costs, whoever else uses the machine.
        memory: Measure it.
    """
    expected = next(iter(sides.values())).run()
    differences = {name: _largest_difference(expected, side.run()) for name, side in sides.items()}
    turns = time_turns({name: side.run for name, side in sides.items()}, rounds, EnergyCounter())
    peaks = {name: side.peak() if memory else None for name, side in sides.items()}
    first = _milliseconds(next(iter(turns.values())), cpu_time)
    costs = {}
    for name, taken in turns.items():
        times = _milliseconds(taken, cpu_time)
        joules = [turn.joules for turn in taken if turn.joules is not None]
        peak = peaks[name]
        costs[name] = BackendCost(
            ms=median(times),
            ms_p95=float(np.percentile(times, 95)),
            wall_ms=median(_milliseconds(taken, False)),
            speedup=median(first) / median(times),
            mib=None if peak is None else peak / MIB,
            joules=sum(joules) / len(joules) if joules else None,
            difference=differences[name],
        )
    return costs


def _largest_difference(expected: np.ndarray, found: np.ndarray) -> float | None:
    return float(np.abs(found - expected).max()) if expected.size == found.size > 0 else None


def _milliseconds(turns: Sequence[Turn], cpu_time: bool) -> list[float]:
    return [1000 * (turn.seconds.cpu if cpu_time else turn.seconds.wall) for turn in turns]


def cost_table(
    costs: Mapping[str, BackendCost], params: int, flops: int | None, notes: Sequence[str], title: str = 'Costs'
) -> ResultTable:
    """One row a backend.

    Args:
        costs: Name -> costs.
        params: Parameters of the network.
        flops: Of an image.
        notes: Below the table.
        title: Of the table.
    """
    columns = (
        ResultColumn('backend'),
        ResultColumn('parameters (M)', '.2f'),
        ResultColumn('GFLOPs', '.2f'),
        ResultColumn('ms, median', '.1f', 'lower'),
        ResultColumn('ms, p95', '.1f', 'lower'),
        ResultColumn('images/s', '.1f', 'higher'),
        ResultColumn('ratio', '.2f', 'higher'),
        ResultColumn('peak MiB', '.0f', 'lower'),
        ResultColumn('J an image', '.2f', 'lower'),
        ResultColumn('differs by', '.1g'),
    )
    rows = [
        ResultRow(
            (
                name,
                params / 1e6,
                None if flops is None else flops / 1e9,
                cost.ms,
                cost.ms_p95,
                cost.per_second,
                cost.speedup,
                cost.mib,
                cost.joules,
                cost.difference,
            )
        )
        for name, cost in costs.items()
    ]
    return ResultTable(columns, tuple(rows), tuple(notes), title)


def energy_note() -> str:
    """What the column of energy is, or why it is empty."""
    counter = EnergyCounter()
    if counter.available:
        return 'J an image: of the whole CPU package (RAPL), other programs included.'
    return f'J an image: not available on this machine ({counter.reason}).'


def machine() -> dict[str, Any]:
    """The CPU and what computed, for records."""
    found = {}
    for package in ('torch', 'onnxruntime', 'openvino'):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return dict(cpu=describe_cpu(), **found)


def cost_record(
    costs: Mapping[str, BackendCost], params: int, flops: int | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What a JSON file holds."""
    return dict(
        **settings,
        machine=machine(),
        params=params,
        flops=flops,
        energy=energy_note(),
        backends={name: dict(asdict(cost), per_second=cost.per_second) for name, cost in costs.items()},
    )
