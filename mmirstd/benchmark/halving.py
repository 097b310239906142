"""Successive halving: many runs with few seeds, the better ones with more.

A suite with ``halving`` runs its stages one after another. A stage begins when all records of those before it are
there. It takes the runs that are furthest above the run that each is compared with (``against``), by a figure of the
validation part, and those that they are compared with. A table of a test part that takes the last stage's seeds alone
(``seeds``) has nothing of what the choice was made by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .record_values import Records, value_of

if TYPE_CHECKING:
    from .suite import Run, Suite


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        seeds: What its runs are trained with; no other stage has them.
        keep: How many of the compared runs go on into it; None: all.
    """

    seeds: tuple[int, ...]
    keep: int | None = None


@dataclass(frozen=True)
class Halving:
    """From a suite file.

    Attributes:
        figure: ``val.METRIC``, more is better.
        stages: In their order.
    """

    figure: str
    stages: tuple[Stage, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of all stages."""
        return tuple(seed for stage in self.stages for seed in stage.seeds)


def due_pairs(suite: Suite, records: Records) -> list[tuple[Run, int]]:
    """(run, seed) pairs of all stages that have begun, done or not, in the order in which they are run.

    Args:
        suite: With ``halving``.
        records: From :func:`~.run_record.read_records`.

    Raises:
        ConfigError: The records have no such figure.
    """
    assert suite.halving is not None
    pairs: list[tuple[Run, int]] = []
    entered = [run.name for run in suite.runs]
    before: list[int] = []
    for stage in suite.halving.stages:
        if before:
            if any(seed not in records[name] for name in entered for seed in before):
                break
            entered = _best(suite, records, entered, before, stage.keep)
        pairs += [(suite.run(name), seed) for seed in stage.seeds for name in entered]
        before += stage.seeds
    return pairs


def leads(suite: Suite, records: Records, names: list[str], seeds: list[int]) -> dict[str, float]:
    """By how much runs are above those they are compared with, mean over seeds, the best first.

    Args:
        suite: With ``halving``.
        records: With all of these runs and seeds.
        names: Runs; those that are compared with none are left out.
        seeds: Which.
    """
    assert suite.halving is not None
    figure, where = suite.halving.figure, f'{suite.path}: halving'
    found = {}
    for name in names:
        against = suite.run(name).against
        if against is None:
            continue
        values = [[value_of(records[one][seed], figure, where) for one in (name, against)] for seed in seeds]
        lead = math.fsum(math.nan if a is None or b is None else a - b for a, b in values) / len(values)
        found[name] = -math.inf if math.isnan(lead) else lead
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _best(suite: Suite, records: Records, names: list[str], seeds: list[int], keep: int | None) -> list[str]:
    chosen = set(list(leads(suite, records, names, seeds))[:keep])
    chosen |= {against for name in chosen if (against := suite.run(name).against) is not None}
    return [run.name for run in suite.runs if run.name in chosen]
