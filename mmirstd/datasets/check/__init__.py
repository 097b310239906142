"""List everything that is wrong with a data set at once: ``mmirstd check-data``."""

from __future__ import annotations

from collections.abc import Sequence

from .finding import SEVERITIES, Finding, in_order
from .foreign import foreign_findings
from .image_rules import image_findings
from .known_counts import count_findings
from .label_rules import label_findings
from .order_rules import order_findings
from .report import Report, summarize
from .root import splits_of_root
from .samples import Sample, Split, read_splits
from .scan import scan
from .split_rules import split_findings

__all__ = ['SEVERITIES', 'Finding', 'Report', 'Sample', 'Split', 'check_splits', 'read_splits', 'splits_of_root']


def check_splits(splits: Sequence[Split], quick: bool = False, workers: int | None = None) -> Report:
    """Check the splits of a data set.

    Args:
        splits: From :func:`read_splits` or :func:`splits_of_root`.
        quick: Look at a few files of each split only; lists are checked in full.
        workers: See :func:`~.scan.scan`.
    """
    findings = [*foreign_findings(splits, quick)]
    checked = scan(splits, quick, workers)
    findings += [finding for split in splits for finding in split.findings]
    for rules in (image_findings, label_findings, split_findings, order_findings, count_findings):
        findings += rules(checked)
    return Report([summarize(checked, split) for split in splits], in_order(findings))
