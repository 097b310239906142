"""Differences between pairs of runs, with intervals over seeds or test images, from result records."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmirstd.evaluation.functional.score_counts import ScoreCounts
from mmirstd.evaluation.image_counts import bootstrap_differences, measure
from mmirstd.evaluation.seed_statistics import PairedDifference, paired_difference
from mmirstd.utils.errors import ConfigError

from .record_values import Records, value_of
from .sequence_counts import ROUNDING, bin_of, difference_over_both, spread_over_sequences
from .suite import Column, Suite, Table


@dataclass(frozen=True)
class Difference:
    """One figure of run A minus that of run B.

    Attributes:
        first: Name of run A.
        second: Name of run B.
        column: Which figure.
        seeds: How many seeds of both were compared.
        result: In the column's unit; None where no seed of both has the figure.
    """

    first: str
    second: str
    column: Column
    seeds: int
    result: PairedDifference | None

    @property
    def defined(self) -> bool:
        """Whether there is a number to show."""
        return self.result is not None and math.isfinite(self.result.mean)

    @property
    def better(self) -> int:
        """1: A is better, -1: B is, 0: no difference seen, or undefined."""
        if self.result is None or not self.defined:
            return 0
        return self.result.sign if self.column.better == 'higher' else -self.result.sign

    @property
    def wins(self) -> int:
        """Pairs in which A is better."""
        if self.result is None:
            return 0
        return self.result.positive if self.column.better == 'higher' else self.result.negative


@dataclass
class Differences:
    """What a table of differences shows.

    Attributes:
        rows: Pair by pair, figure by figure.
        used: The records that went into it.
        missing: Pairs (A, B) of which no seed is there.
        uncounted: Pairs whose records are too old to have counts of each image or sequence.
    """

    rows: list[Difference] = field(default_factory=list)
    used: list[dict[str, Any]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    uncounted: list[tuple[str, str]] = field(default_factory=list)


def find_differences(suite: Suite, table: Table, records: Records) -> Differences:
    """Compare the pairs of a table, over what it says.

    Args:
        suite: The suite.
        table: One of its tables, ``kind: differences``.
        records: From :func:`~.run_record.read_records`.

    Raises:
        ConfigError: A figure that the records do not have, damaged counts, or records of different images.
    """
    where = f'{suite.path}: table {table.name}'
    ways: dict[str, Callable[..., Sequence[PairedDifference | None]]] = dict(
        images=_over_images, sequences=_over_sequences, seeds=_over_seeds
    )
    compare = ways[table.over]
    counted = dict(images='per_image', sequences='per_sequence').get(table.over)
    found = Differences()
    for first, second in table.pairs:
        seeds = sorted(set(records[first]) & set(records[second]))
        if not seeds:
            found.missing.append((first, second))
            continue
        if counted:
            seeds = [seed for seed in seeds if all(counted in records[name][seed] for name in (first, second))]
            if not seeds:
                found.uncounted.append((first, second))
                continue
        found.used += [records[name][seed] for name in (first, second) for seed in seeds]
        results = compare(first, second, seeds, table.columns, records, where)
        found.rows += [
            Difference(first, second, column, len(seeds), result) for column, result in zip(table.columns, results)
        ]
    return found


def _over_seeds(
    first: str, second: str, seeds: Sequence[int], columns: Sequence[Column], records: Records, where: str
) -> list[PairedDifference | None]:
    results: list[PairedDifference | None] = []
    for column in columns:
        pairs = [
            (a * column.scale, b * column.scale)
            for seed in seeds
            if (a := value_of(records[first][seed], column.value, where)) is not None
            and (b := value_of(records[second][seed], column.value, where)) is not None
        ]
        results.append(paired_difference([a for a, _ in pairs], [b for _, b in pairs]) if pairs else None)
    return results


def _over_sequences(
    first: str, second: str, seeds: Sequence[int], columns: Sequence[Column], records: Records, where: str
) -> list[PairedDifference | None]:
    counts = [
        [_sequence_counts(records[name][seed], columns, f'{where}: {name}, seed {seed}') for seed in seeds]
        for name in (first, second)
    ]
    results: list[PairedDifference | None] = []
    for column in columns:
        values = [[value_of(records[name][seed], column.value, where) for seed in seeds] for name in (first, second)]
        a, b = ([value for value in side if value is not None] for side in values)
        if len(a) < len(seeds) or len(b) < len(seeds):  # a test part without targets of this SCR
            results.append(None)
            continue
        try:
            spread = spread_over_sequences(counts[0], counts[1], column.figure)
        except ValueError as error:
            raise ConfigError(
                f'{where}: {first} against {second}: {error}; records of one table are of one test split'
            ) from error
        found = difference_over_both(a, b, spread, len(counts[0][0].sequences))
        results.append(found.scaled(column.scale))
    return results


def _sequence_counts(record: dict[str, Any], columns: Sequence[Column], where: str) -> ScoreCounts:
    """The counts of each sequence, checked against the figures of the record."""
    counts = ScoreCounts.from_dict(record['per_sequence'])
    for column in columns:
        recorded = value_of(record, column.value, where)
        if recorded is None:
            continue
        low, high = counts.precision_bounds(bin_of(column.figure))
        if not low - ROUNDING <= recorded <= high + ROUNDING:
            raise ConfigError(
                f'{where}: its counts of each sequence give {column.figure} {low:g} to {high:g}, its figure is '
                f'{recorded:g}.\n  cure: the record is damaged; delete it'
            )
    return counts


def _over_images(
    first: str, second: str, seeds: Sequence[int], columns: Sequence[Column], records: Records, where: str
) -> list[PairedDifference]:
    counts = [
        [_counts_of(records[name][seed], columns, f'{where}: {name}, seed {seed}') for seed in seeds]
        for name in (first, second)
    ]
    try:
        found = bootstrap_differences(counts[0], counts[1], [column.figure for column in columns])
    except ValueError as error:
        raise ConfigError(
            f'{where}: {first} against {second}: {error}; records of one table are of one test split'
        ) from error
    return [found[column.figure].scaled(column.scale) for column in columns]


def _counts_of(record: dict[str, Any], columns: Sequence[Column], where: str) -> dict[str, list]:
    """The counts of each image, checked against the figures of the record."""
    counts = record['per_image']
    for column in columns:
        recorded, again = value_of(record, column.value, where), float(measure(counts, column.figure)[0])
        if recorded is not None and not math.isclose(recorded, again, rel_tol=1e-6, abs_tol=1e-12):
            raise ConfigError(
                f'{where}: its counts of each image give {column.figure} {again:g}, its figure is '
                f'{recorded:g}.\n  cure: the record is damaged; delete it'
            )
    return counts
