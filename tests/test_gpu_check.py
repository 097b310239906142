"""benchmarks/gpu/check.py: what it reads and writes; its measurements are tried by a dry run (docs/gpu.md)."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.shared import REPO

OUTPUT = """\
[gw1] [ 25%] PASSED tests/gpu/test_networks.py::test_x[acm-torch.float16]
[gw0] [ 50%] FAILED tests/gpu/test_networks.py::test_x[dnanet]
tests/gpu/test_operations.py::test_suppression PASSED [ 75%]
tests/gpu/test_operations.py::test_two_processes SKIPPED (needs two GPUs) [100%]
=================== short test summary info ====================
FAILED tests/gpu/test_networks.py::test_x[dnanet] - AssertionError: 3
"""


@pytest.fixture(scope='module')
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location('gpu_check', REPO / 'benchmarks' / 'gpu' / 'check.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_outcomes_are_read_from_both_forms_of_output(check: ModuleType) -> None:
    outcomes = check.read_outcomes(OUTPUT)
    assert outcomes == dict(
        passed=2, failed=1, error=0, skipped=1, failures=['tests/gpu/test_networks.py::test_x[dnanet]']
    )


def test_what_fails_is_told_and_what_the_time_left_over_too(check: ModuleType, tmp_path: Path) -> None:
    report = dict(
        machine=dict.fromkeys(('gpu', 'driver', 'torch', 'cuda', 'cudnn', 'python'), 'x'),
        size=64,
        tests=dict(check.read_outcomes(OUTPUT), all_ran=False),
        rows={},
        failed={},
        left=[],
    )

    def plan() -> Iterator:
        yield 'good', lambda: ['sstnet', 5, 123.0, 8.1, None]
        yield 'bad', lambda: 1 / 0
        clock.left = lambda: 0.0
        yield 'late', lambda: []

    clock = check.Clock(1)
    check.measure(report, [('streaming', plan())], clock, tmp_path)
    written = json.loads((tmp_path / 'check.json').read_text())
    assert written['rows'] == dict(streaming=[['sstnet', 5, 123.0, 8.1, None]])
    text = (tmp_path / 'check.md').read_text()
    for part in ('| sstnet | 5 | 123 | 8.1 | - |', 'NOT all ran', 'test_x[dnanet]', 'ZeroDivisionError', ': late'):
        assert part in text
