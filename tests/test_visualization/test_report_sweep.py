"""What all rules counted at all thresholds is kept in little memory, and comes out as it went in."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from mmirstd.evaluation.functional import ImageEvidence, count_evidence, get_protocol, summarize
from mmirstd.visualization.report.sweep import ProtocolSweep, _Column


def test_counts_come_out_as_they_went_in() -> None:
    rows: list[dict[str, Any]] = [
        dict(tp=3, iou=0.1, bins=[1, 2], pixels=2**40),
        dict(tp=0, iou=1.0, bins=[3, 4], pixels=1),
    ]
    column = _Column()
    for row in rows:
        column.append(row)
    assert column.dicts() == rows
    assert [type(value) for value in column.dicts()[0].values()] == [int, float, list, int]
    assert column.values('pixels') == [2**40, 1]
    assert column.total('tp') == 3


def test_a_number_takes_as_much_as_a_number() -> None:
    column = _Column()
    for k in range(10_000):
        column.append(dict(pixels=70_000 + k, iou=k / 7))
    assert sum(map(sys.getsizeof, column._values)) < 2 * 10_000 * 8 * 1.2


@pytest.mark.parametrize('protocol', ['default', 'rpcanet', 'dnanet'])
def test_measures_are_those_of_the_protocol(protocol: str) -> None:
    rng = np.random.default_rng(0)
    sweep, counts = ProtocolSweep([get_protocol(protocol)]), []
    for number in range(3):
        score, mask = rng.random((24, 24)).astype(np.float32) ** 4, (rng.random((24, 24)) > 0.98).astype(np.uint8)
        list(sweep.add(score, mask, str(number)))
        counts.append(count_evidence(get_protocol(protocol), ImageEvidence(score, mask, str(number))))
    expected = summarize(get_protocol(protocol), counts)
    found = sweep.own_measures()[protocol]
    assert found == {name: pytest.approx(value, rel=0, abs=0, nan_ok=True) for name, value in expected.items()}
