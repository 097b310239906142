"""All protocols at all thresholds of a report, from one pass over the images."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mmirstd.evaluation.functional import ImageEvidence, ProtocolSpec, summarize
from mmirstd.evaluation.functional.pd_fa import TargetRule

from .thresholds import REPORT_THRESHOLDS


class ProtocolSweep:
    """Count images by several protocols, each at its own threshold and at all those of the report.

    The measures are :func:`mmirstd.evaluation.functional.summarize` of the counts that
    :func:`~mmirstd.evaluation.functional.count_evidence` gives, so they are the same to the last bit.  A rule that
    several protocols share is counted once.  ROC parts have thresholds of their own and do not move.

    Args:
        protocols: The protocols.
        thresholds: Ascending.
    """

    def __init__(self, protocols: Sequence[ProtocolSpec], thresholds: Sequence[float] = REPORT_THRESHOLDS) -> None:
        self.thresholds = tuple(thresholds)
        self._own = [_without_bins(spec) for spec in protocols]
        self._moved = [[spec.with_threshold(value) for spec in self._own] for value in self.thresholds]
        # Each distinct rule belongs to the first pass (own thresholds, then one a threshold) that asks for it.
        self._counts: dict[Any, _Column] = {}
        self._passes: list[list[Any]] = []
        for specs in (self._own, *self._moved):
            rules = []
            for rule in (rule for spec in specs for rule in spec.parts.values()):
                if rule not in self._counts:
                    self._counts[rule] = _Column()
                    rules.append(rule)
            self._passes.append(rules)

    def add(self, score: np.ndarray, truth: np.ndarray, name: str) -> Iterator[ImageEvidence]:
        """Count one image; to be consumed.

        Args:
            score: (H, W) float in [0, 1].
            truth: (H, W), in [0, 1].
            name: For errors.

        Yields:
            The image's evidence at each threshold, with what was computed for it cached.
        """
        self._count(self._passes[0], ImageEvidence(score, truth, name))
        for rules in self._passes[1:]:
            evidence = ImageEvidence(score, truth, name)  # anew: the caches of all thresholds would be large
            self._count(rules, evidence)
            yield evidence

    def own_measures(self) -> dict[str, dict[str, float]]:
        """Protocol -> measures, as published."""
        return {spec.name: self._summarize(spec) for spec in self._own}

    def measures(self) -> dict[str, dict[str, list[float]]]:
        """Protocol -> measure -> value at each threshold."""
        table: dict[str, dict[str, list[float]]] = {}
        for specs in self._moved:
            for spec in specs:
                for name, value in self._summarize(spec).items():
                    table.setdefault(spec.name, {}).setdefault(name, []).append(value)
        return table

    def totals(self, part: str, protocol: str = 'default') -> dict[str, list[int]]:
        """Sums over the images of what one part of a protocol counted, at each threshold."""
        index = [spec.name for spec in self._own].index(protocol)
        columns = [self._counts[specs[index].parts[part]] for specs in self._moved]
        return {name: [column.total(name) for column in columns] for name in columns[0].names}

    def of_images(self, part: str, protocol: str = 'default') -> dict[str, np.ndarray]:
        """What one part of a protocol counted in each image at each threshold: name -> (K, N) float64."""
        index = [spec.name for spec in self._own].index(protocol)
        columns = [self._counts[specs[index].parts[part]] for specs in self._moved]
        return {name: np.array([column.values(name) for column in columns], np.float64) for name in columns[0].names}

    def _count(self, rules: Sequence[Any], evidence: ImageEvidence) -> None:
        for rule in rules:
            self._counts[rule].append(rule.count(evidence))

    def _summarize(self, spec: ProtocolSpec) -> dict[str, float]:
        parts = {name: self._counts[rule].dicts() for name, rule in spec.parts.items()}
        images = len(next(iter(parts.values())))
        return summarize(spec, [{name: rows[index] for name, rows in parts.items()} for index in range(images)])


class _Column:
    """What one rule counted in each image: numbers in arrays, since there are a thousand rules and thresholds.

    They take 50 kB an image of all protocols; objects of Python would take three to five times as much.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self._values: list[array[Any] | list[Any]] = []

    def append(self, counts: dict[str, Any]) -> None:
        if not self.names:
            self.names = tuple(counts)
            self._values = [_empty_column(value) for value in counts.values()]
        for place, value in enumerate(counts.values()):
            self._values[place].append(value)

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.names, row)) for row in zip(*self._values)]

    def values(self, name: str) -> list[Any]:
        return list(self._values[self.names.index(name)])

    def total(self, name: str) -> int:
        return sum(self.values(name))


def _empty_column(value: Any) -> array[Any] | list[Any]:
    """For values like this one."""
    if isinstance(value, float):
        return array('d')
    return array('q') if isinstance(value, int) else []


def _without_bins(spec: ProtocolSpec) -> ProtocolSpec:
    """The protocol without DNANet's further bins, which no table shows and which would be counted at each threshold."""
    parts = {
        name: dataclasses.replace(rule, further=()) if isinstance(rule, TargetRule) else rule
        for name, rule in spec.parts.items()
    }
    return dataclasses.replace(spec, parts=parts)
