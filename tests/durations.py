"""Which tests are slow is measured, not said: CPU seconds of every test, kept in ``tests/data/durations.json``.

A test's seconds are those of its own call and of every fixture it needs, child processes included, as if it ran alone:
a module's first test is not blamed for the fixture that the others share, and a test that uses it is not called fast.
CPU time, not the clock: a busy machine changes nothing.

- ``pytest --record-durations`` (``make test-durations``) runs the tests and writes the file anew.
- A test of at least :data:`SLOW` seconds in the file gets the marker ``slow``; ``make test-fast`` leaves those out.
- With several processes (``-n``) the files that take longest are started first.
- The end of a run names tests that are slow and not in the file.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

RECORD = Path(__file__).resolve().parent / 'data' / 'durations.json'
#: CPU seconds from which a test is slow.
SLOW = 0.6
#: Shorter tests count in their file's time alone.
_LEAST = 0.2


def cpu_seconds() -> float:
    """CPU time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def load(path: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Recorded seconds of the tests (from 0.2 on, by node id) and of whole files; both empty without a record."""
    if not path.is_file():
        return {}, {}
    record = json.loads(path.read_text())
    return record['tests'], record['files']


def summarize(tests: Mapping[str, float], files: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """The record of measured tests (those from 0.2 seconds on) and files."""
    return dict(
        files={name: round(value, 1) for name, value in sorted(files.items())},
        tests={node: round(value, 2) for node, value in sorted(tests.items()) if value >= _LEAST},
    )


def add_options(parser: pytest.Parser) -> None:
    """The plugin's options."""
    parser.addoption(
        '--record-durations',
        action='store_true',
        help='write the CPU seconds of the tests to tests/data/durations.json; run all of them',
    )


class Durations:
    """The pytest plugin.

    Args:
        config: Of the run; with the options that :func:`add_options` adds.
        record: The file of measured times.
    """

    def __init__(self, config: pytest.Config, record: Path = RECORD) -> None:
        self.config = config
        self.record = record
        self.tests, self.files = load(record)
        self.measured: dict[str, float] = {}
        self.spent: Counter = Counter()
        self._setups: dict[int, float] = {}
        self._start = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef) -> Iterator[None]:
        start = cpu_seconds()
        result = yield
        self._setups[id(fixturedef)] = cpu_seconds() - start
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        self._start = cpu_seconds()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        start = cpu_seconds()
        try:
            return (yield)
        finally:
            end = cpu_seconds()
            needed = {id(one) for defs in item._fixtureinfo.name2fixturedefs.values() for one in defs}
            alone = end - start + sum(self._setups.get(one, 0.0) for one in needed)
            # Part of the report, which pytest-xdist brings to the process that counts.
            item.user_properties.append(('cpu_seconds', (alone, end - self._start)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == 'teardown':
            for key, value in report.user_properties:
                if key == 'cpu_seconds':
                    self.measured[report.nodeid], spent = value
                    self.spent[report.nodeid.split('::')[0]] += spent

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if self.tests.get(item.nodeid, 0.0) >= SLOW:
                item.add_marker('slow')
        if os.environ.get('PYTEST_XDIST_WORKER'):
            items.sort(key=lambda item: -self.files.get(item.nodeid.split('::')[0], 0.0))  # stable: files stay whole

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        new = [node for node, value in self.measured.items() if value >= 2 * SLOW and self.tests.get(node, 0) < SLOW]
        if new and not self.config.getoption('record_durations'):
            terminalreporter.write_line(
                f'{len(new)} slow test(s) are not recorded as slow (make test-durations): {", ".join(sorted(new)[:3])}'
                f'{", ..." if len(new) > 3 else ""}'
            )

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        whole = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if whole and self.config.getoption('record_durations') and not os.environ.get('PYTEST_XDIST_WORKER'):
            self.record.write_text(json.dumps(summarize(self.measured, self.spent), indent=1) + '\n')
