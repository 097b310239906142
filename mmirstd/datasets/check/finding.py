"""One thing that is wrong, or worth knowing, about a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

SEVERITIES = {
    'error': 'training or evaluation stops at it, or its figures mean nothing',
    'warning': 'it works, but probably not as meant',
    'note': 'good to know',
}


@dataclass(frozen=True)
class Finding:
    """A finding.

    Attributes:
        severity: A key of :data:`SEVERITIES`.
        kind: What it is about, in a few words.
        splits: The splits that it concerns.
        found: What was found, and what was expected.
        cure: What to do about it; '' where there is nothing to do.
        items: Each file (or pair of files) that it concerns, with what it has.
    """

    severity: str
    kind: str
    splits: tuple[str, ...]
    found: str
    cure: str = ''
    items: tuple[str, ...] = ()

    def text(self, shown: int = 5) -> str:
        """The finding on several lines, with the first few items."""
        lines = [f'{self.severity.upper()} {self.kind} ({", ".join(self.splits)}): {self.found}']
        listed = '\n' not in self.found  # a text of several lines lists the first ones itself
        if listed:
            lines += [f'    {item}' for item in self.items[:shown]]
        if listed and len(self.items) > shown:
            lines.append(f'    and {len(self.items) - shown} more')
        if self.cure:
            lines.append(f'  cure: {self.cure}')
        return '\n'.join(lines)

    def to_dict(self) -> dict:
        """Plain values for JSON."""
        return dict(asdict(self), splits=list(self.splits), items=list(self.items), count=len(self.items))


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """The worst first, otherwise as they came; those that differ in their splits only become one."""
    merged: dict[Finding, list[str]] = {}
    for finding in findings:
        splits = merged.setdefault(replace(finding, splits=()), [])
        splits += [split for split in finding.splits if split not in splits]
    rank = list(SEVERITIES)
    return sorted(
        (replace(finding, splits=tuple(splits)) for finding, splits in merged.items()),
        key=lambda finding: rank.index(finding.severity),
    )
