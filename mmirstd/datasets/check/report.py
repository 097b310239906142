"""What a check found, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from .finding import SEVERITIES, Finding
from .samples import Split
from .scan import Checked


@dataclass(frozen=True)
class Report:
    """The result of a check.

    Attributes:
        splits: One row of the table for each split, plain values.
        findings: The worst first.
    """

    splits: list[dict[str, Any]]
    findings: list[Finding]

    @property
    def status(self) -> int:
        """Exit status: 1 with an error among the findings, else 0."""
        return int(any(finding.severity == 'error' for finding in self.findings))

    def text(self, shown: int = 5) -> str:
        """The table, the findings with their first few files, and a line that counts them."""
        columns = list(self.splits[0]) if self.splits else []
        rows = [columns, *([str(row[column]) for column in columns] for row in self.splits)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(columns))]
        lines = ['  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        for finding in self.findings:
            lines += ['', finding.text(shown)]
        counts = Counter(finding.severity for finding in self.findings)
        lines += [
            '',
            'nothing wrong was found'
            if not self.findings
            else ', '.join(f'{counts[name]} {name}{"s" if counts[name] != 1 else ""}' for name in SEVERITIES),
        ]
        return '\n'.join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; each finding with all of its files."""
        return dict(status=self.status, splits=self.splits, findings=[f.to_dict() for f in self.findings])


def summarize(checked: Checked, split: Split) -> dict[str, Any]:
    """A row of the table: images, sizes, bits, labels, targets, the middle half of their areas, and of their SCR."""
    rows = list(checked.of(split))
    sizes = [image.size for _, _, image, _ in rows if image.dtype]
    types = Counter(image.dtype for _, _, image, _ in rows if image.dtype)
    kinds = Counter(label.kind for _, _, _, label in rows if label.kind)
    targets = [target for _, _, _, label in rows for target in label.targets]
    return {
        'split': split.name,
        'images': len(split.samples) if len(rows) == len(split.samples) else f'{len(rows)} of {len(split.samples)}',
        'sizes (width x height)': _range_of_sizes(sizes),
        'pixels': ', '.join(types) or '-',
        'labels': ', '.join(f'{name} {number}' for name, number in kinds.most_common()) or '-',
        'targets': sum(label.count for _, _, _, label in rows),
        'area (px)': _quartiles([target.area for target in targets]),
        'SCR': _quartiles([target.scr for target in targets]),
    }


def _range_of_sizes(sizes: list[tuple[int, int]]) -> str:
    if not sizes:
        return '-'
    low, high = np.min(sizes, axis=0), np.max(sizes, axis=0)
    first, last = f'{low[1]}x{low[0]}', f'{high[1]}x{high[0]}'
    return first if first == last else f'{first} to {last}'


def _quartiles(values: list[float]) -> str:
    if not values:
        return '-'
    first, middle, third = np.percentile(values, (25, 50, 75))
    return f'{middle:.3g} ({first:.3g} to {third:.3g})'
