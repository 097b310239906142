"""The plugin that measures the tests, on a small suite of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.durations import load, summarize
from tests.shared import REPO

CONFTEST = """
from pathlib import Path
from tests import durations

def pytest_addoption(parser):
    durations.add_options(parser)

def pytest_configure(config):
    config.addinivalue_line('markers', 'slow: by measured time')
    config.pluginmanager.register(durations.Durations(config, Path(__file__).with_name('record.json')), 'durations')
"""
SUITE = """
import subprocess, sys, time
import pytest

def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

@pytest.fixture(scope='module')
def costly():
    burn(1.2)

def test_first(costly): pass
def test_second(costly): pass
def test_child():
    subprocess.run([sys.executable, '-c', 'import time\\nwhile time.process_time() < 0.5: pass'], check=True)
def test_asleep(): time.sleep(0.6)
"""


@pytest.fixture
def suite(tmp_path: Path):
    (tmp_path / 'conftest.py').write_text(CONFTEST)
    (tmp_path / 'test_a.py').write_text(SUITE)

    def run(*args: str, status: int = 0) -> str:
        command = [
            sys.executable,
            '-m',
            'pytest',
            '-q',
            '-p',
            'no:cacheprovider',
            '--rootdir',
            str(tmp_path),
            '-c',
            '/dev/null',
            str(tmp_path),
            *args,
        ]
        # The suite is its own run, also where this test is part of a distributed one.
        environment = {key: value for key, value in os.environ.items() if not key.startswith('PYTEST_')}
        done = subprocess.run(command, cwd=REPO, env=environment, text=True, stdout=subprocess.PIPE)
        assert done.returncode == status, done.stdout
        return done.stdout

    return run


def test_a_test_costs_what_it_would_alone(suite, tmp_path):
    assert '4 passed' in suite('--record-durations')
    tests, files = load(tmp_path / 'record.json')
    assert {name.split('::')[1] for name in tests} == {'test_first', 'test_second', 'test_child'}  # sleep is no work
    assert tests['test_a.py::test_first'] >= 1.1
    assert tests['test_a.py::test_second'] >= 1.1  # the fixture was there, but alone it would not be
    assert tests['test_a.py::test_child'] >= 0.4
    assert files['test_a.py'] >= 1.5
    assert files['test_a.py'] < sum(tests.values())  # the fixture once

    output = suite('-m', 'not slow')
    assert '2 passed, 2 deselected' in output


def test_a_slow_test_that_is_not_recorded_is_named(suite, tmp_path):
    (tmp_path / 'record.json').write_text(json.dumps(dict(tests={}, files={})))
    (tmp_path / 'test_a.py').write_text(SUITE.replace('burn(1.2)', 'burn(2.1)'))
    assert '2 slow test(s) are not recorded as slow' in suite()


def test_an_interrupted_run_keeps_the_record(suite, tmp_path):
    (tmp_path / 'test_a.py').write_text('def test_stop():\n    raise KeyboardInterrupt\n')
    suite('--record-durations', status=2)
    assert not (tmp_path / 'record.json').exists()


def test_short_tests_count_in_their_file_alone():
    record = summarize({'a.py::test_1': 0.05, 'a.py::test_2': 3.456}, {'a.py': 3.51})
    assert record == dict(files={'a.py': 3.5}, tests={'a.py::test_2': 3.46})
